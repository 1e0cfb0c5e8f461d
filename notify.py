"""Delivers one notification to one channel through Apprise; what goes wrong is returned in words, never raised."""

from __future__ import annotations

import logging
import re

import words
from model import Channel, Notice

log = logging.getLogger("wardround.notify")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


def deliver(channel: Channel, notice: Notice, ref: str) -> str | None:
    """Sends ``notice``; None when the channel took it, else why not, without secrets.

    ``ref`` is the same for every try of the same message: it stands in the last line, so that a repetition is known.
    """
    try:
        return _send(channel, notice, ref)
    except Exception as error:  # whatever a plugin raises must not stop the outbox; the message stays owed
        log.error("channel %s: the plugin broke (%s)", channel.key, type(error).__name__)
        return redacted(f"the plugin broke: {type(error).__name__}: {error}", channel)


def _send(channel: Channel, notice: Notice, ref: str) -> str | None:
    import apprise  # 40 MiB and 0.3 s: only paid by a process that has something to say

    asset = apprise.AppriseAsset(app_id="Wardround", app_desc="Wardround", interpret_escapes=False, plugin_paths=[])
    target = apprise.Apprise(asset=asset)
    if not target.add(channel.url.reveal()):
        return "the url of this channel is none that Apprise understands"
    kinds = {"down": "failure", "degraded": "warning", "recovered": "success"}
    with apprise.LogCapture(level=logging.WARNING) as said:  # type: ignore[no-untyped-call]
        done = target.notify(
            title=notice.title,
            body=f"{notice.body}\nReference: {ref}",
            notify_type=apprise.NotifyType(kinds.get(notice.kind, "info")),
            body_format=apprise.NotifyFormat.TEXT,
        )
        text = said.getvalue() if said else ""
    return None if done else redacted(text or "the channel refused the message", channel)


def redacted(text: str, channel: Channel) -> str:
    """An error without the channel's url, any other url, or any piece of the url long enough to be a secret."""
    secret = channel.url.reveal()
    clean = _URL.sub("(url)", text.replace(secret, "***"))
    for piece in re.split(r"[/:@?&=]+", secret):
        if len(piece) >= 6:
            clean = clean.replace(piece, "***")
    return words.excerpt(clean)
