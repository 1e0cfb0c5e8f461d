"""The one place that makes HTML: every text that goes in is escaped here, every tag that comes out was written here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import words
from model import Status
from ui import palette

STYLE = Path(__file__).with_name("style.css")


class Html:
    """Finished HTML. Only this module's functions make one out of plain text, and they escape it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        """Streamlit takes this as it is; a plain string would be dedented first, a quarter of a run at 500 monitors."""
        return self._text


def text(value: object) -> Html:
    """Untrusted text, inert: markup, quotes and control characters mean nothing any more."""
    plain = str(value)
    if not plain.isprintable():
        plain = "".join(sign if sign.isprintable() else " " for sign in plain)
    return Html(escape(plain, quote=True))


def tag(name: str, *inside: Html | str, **attributes: str | None) -> Html:
    """One element. Strings inside and values of attributes are untrusted and escaped; ``class_`` means class."""
    stated = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    head = "".join(f' {key}="{text(value)}"' for key, value in stated)
    return Html(f"<{name}{head}>{joined(inside)}</{name}>")


def joined(parts: Iterable[Html | str]) -> Html:
    """Parts after one another; plain strings are escaped."""
    return Html("".join(str(part if isinstance(part, Html) else text(part)) for part in parts))


def icon(status: Status) -> Html:
    """Shape and colour of a state, and its word for those who cannot see either; the style sheet has the shapes."""
    return tag("i", class_=f"wr-icon wr-{status}", role="img", aria_label=words.STATUS_WORD[status])


def symbol(shape: str, kind: str = "", meaning: str = "") -> Html:
    """A sign of the symbol font that Streamlit brings along; ``meaning`` is read aloud instead of its name."""
    sign = tag("span", shape, class_=f"wr-icon {kind}".strip(), aria_hidden="true", translate="no")
    return joined([sign, tag("span", meaning, class_="wr-aloud")]) if meaning else sign


def pill(status: Status, label: str | None = None) -> Html:
    """The word of a state on its colour."""
    return tag("span", label or words.STATUS_WORD[status], class_=f"wr-pill wr-{status}")


def inner(slug: str, label: Html | str, class_: str = "wr-link", **query: str) -> Html:
    """A link to a page of ours that keeps what is chosen in the address."""
    return tag("a", label, href=f"./{slug}?{urlencode(query)}" if query else f"./{slug}", target="_self", class_=class_)


def outer(url: str | None, label: str) -> Html:
    """A link out, into a new tab; nothing when the address is none that a browser should open."""
    try:
        if not url or urlsplit(url).scheme not in {"http", "https"}:
            return Html("")
    except ValueError:  # such as http://[
        return Html("")
    return tag("a", label, symbol("north_east"), href=url, target="_blank", rel="noopener noreferrer", class_="wr-link")


def demo() -> Html:
    """Says on every page that nothing here is real."""
    return tag(
        "div",
        "DEMO",
        class_="wr-pill wr-demo",
        title="A simulated platform, watched for real; nothing here is production.",
    )


def book(name: str, label: str) -> Html:
    """A link to one of the runbooks."""
    return tag(
        "div", symbol("menu_book"), " ", inner("runbooks", label, class_="wr-link", runbook=name), class_="wr wr-book"
    )


def filling(said: str) -> Html:
    """How far the demo's history is written, at the foot of the window, where it moves nothing."""
    return tag("div", said, class_="wr-pill wr-filling", role="status") if said else Html("")


def style() -> Html:
    """Our style sheet with the colours of the palette."""
    shapes = "".join(
        f'.wr-icon.wr-{status}:empty::before{{content:"{shape}"}}' for status, shape in words.STATUS_SHAPE.items()
    )
    return Html(f"<style>{palette.variables()}{shapes}{STYLE.read_text(encoding='utf-8')}</style>")
