"""Untrusted text never becomes markup, whatever it holds."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import Status
from ui import banner, lists, markup

HOSTILE = ["<b>", "</span><script>", '" onmouseover="x', "' onclick='x", "&lt;", "\x00\x1b[31m", "a\nb", "‮evil"]


class Seen(HTMLParser):
    """Collects the tags, the attributes and the text of a document."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data) -> None:
        self.text += data


def seen(html) -> Seen:
    parser = Seen()
    parser.feed(str(html))
    parser.close()
    return parser


@pytest.mark.parametrize("words", HOSTILE, ids=repr)
def test_words_come_out_as_they_went_in_but_for_what_cannot_be_printed(words) -> None:
    document = seen(markup.tag("p", words, title=words))
    expected = "".join(sign if sign.isprintable() else " " for sign in words)
    assert document.tags == ["p"]
    assert document.text == expected
    assert document.attributes == [("title", expected)]


@given(st.text(), st.text())
def test_no_text_makes_a_tag_or_an_attribute(inside, value) -> None:
    document = seen(markup.tag("p", inside, markup.tag("i", value), data_x=value))
    assert document.tags == ["p", "i"]
    assert [name for name, _ in document.attributes] == ["data-x"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.test", "ftp://x", "", None], ids=str
)
def test_only_web_addresses_become_links(url) -> None:
    assert str(markup.outer(url, "Runbook")) == ""


def test_a_web_address_opens_apart_and_tells_nothing() -> None:
    document = seen(markup.outer('https://x.test/?a="><b>', "Runbook"))
    assert document.tags == ["a", "span"]
    assert ("rel", "noopener noreferrer") in document.attributes


@pytest.mark.parametrize("status", list(Status))
def test_a_state_is_shape_colour_and_word(status) -> None:
    assert f"wr-{status}" in str(markup.icon(status))
    assert "aria-label=" in str(markup.icon(status))
    assert f'.wr-icon.wr-{status}:empty::before{{content:"' in str(markup.style())


def test_the_style_sheet_asks_nobody_for_anything() -> None:
    assert "url(" not in str(markup.style())
    assert "@import" not in str(markup.style())


def test_every_refresh_begins_the_clock_of_the_warning_anew(noon) -> None:
    from datetime import timedelta

    assert str(banner.late(noon)) != str(banner.late(noon + timedelta(seconds=5)))


def test_an_empty_place_escapes_what_it_says() -> None:
    assert seen(lists.empty("<b>", "<i>")).tags == ["div", "div", "b"]
