"""Delivers one notification to one channel through Apprise; what goes wrong is returned in words, never raised."""

from __future__ import annotations

import logging
import re
from functools import cache
from types import ModuleType
from urllib.parse import unquote

import words
from model import Channel, Notice

log = logging.getLogger("wardround.notify")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
KINDS = {"down": "failure", "degraded": "warning", "recovered": "success"}
WEBHOOKS = ("json", "form", "xml")  # Apprise lets these carry headers of ours


def deliver(channel: Channel, notice: Notice, ref: str) -> str | None:
    """Sends ``notice``; None when the channel took it, else why not, without secrets.

    ``ref`` is the same for every try of the same message: it stands in the last line, and of a webhook in the header
    Idempotency-Key, so that a repetition is known.
    """
    try:
        return _send(channel, notice, ref)
    except Exception as error:  # whatever a plugin raises must not stop the outbox; the message stays owed
        log.error("channel %s: the plugin broke (%s)", channel.key, type(error).__name__)
        return redacted(f"the plugin broke: {type(error).__name__}: {error}", channel)


def _send(channel: Channel, notice: Notice, ref: str) -> str | None:
    apprise = _apprise()
    asset = apprise.AppriseAsset(app_id="Wardround", app_desc="Wardround", interpret_escapes=False, plugin_paths=[])
    target = apprise.Apprise(asset=asset)
    if not target.add(_marked(channel.url.reveal(), ref)):
        return "the url of this channel is none that Apprise understands"
    done = target.notify(
        title=notice.title,
        body=f"{notice.body}\nReference: {ref}",
        notify_type=apprise.NotifyType(KINDS.get(notice.kind, "info")),
        body_format=apprise.NotifyFormat.TEXT,
    )
    if done:
        return None
    said = "; ".join(dict.fromkeys(entry.message for entry in done.logs()))  # of this call alone: others run beside it
    return redacted(said or "the channel refused the message", channel)


@cache
def _apprise() -> ModuleType:
    """Imported by the first message: 16 to 40 MiB that a process pays only when it has something to say."""
    import apprise

    # Its log would tell recipients and the ends of passwords on standard error; what matters is kept with the message.
    logging.getLogger("apprise").propagate = False
    return apprise


def _marked(url: str, ref: str) -> str:
    scheme = url.partition("://")[0].lower()
    if scheme.removesuffix("s") not in WEBHOOKS:
        return url
    return f"{url}{'&' if '?' in url else '?'}+Idempotency-Key={ref}"


def redacted(text: str, channel: Channel) -> str:
    """An error without the channel's url, any other url, or any piece of the url long enough to be a secret."""
    secret = channel.url.reveal()
    clean = _URL.sub("(url)", text.replace(secret, "***"))
    pieces = {piece for piece in re.split(r"[/:@?&=]+", secret) if len(piece) >= 6}
    for piece in sorted(pieces | {unquote(piece) for piece in pieces}, key=len, reverse=True):
        clean = clean.replace(piece, "***")
    return words.excerpt(clean)
