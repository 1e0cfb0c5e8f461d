"""The folder is the registry of pages."""

from __future__ import annotations

import pytest

from ui import nav


def test_the_pages_are_found_in_the_order_they_state() -> None:
    assert [entry.slug for entry in nav.entries()] == [
        "overview",
        "monitor",
        "errors",
        "deployments",
        "checklist",
        "vitals",
        "services",
        "posture",
        "backups",
        "status",
        "runbooks",
        "about",
    ]
    assert [entry.slug for entry in nav.entries() if entry.default] == ["overview"]
    assert all(entry.words.endswith(".") for entry in nav.entries())


def test_a_page_that_does_not_say_its_title_is_named(tmp_path) -> None:
    (tmp_path / "lost.py").write_text('"""A page."""\nICON = "home"\nORDER = 3\n')
    with pytest.raises(KeyError, match=r"pages/lost\.py does not state TITLE"):
        nav.entry(tmp_path / "lost.py")


def test_a_page_is_read_without_running_it(tmp_path) -> None:
    (tmp_path / "loud.py").write_text('"""Loud."""\nTITLE = "Loud"\nICON = "home"\nORDER = 3\nraise SystemExit\n')
    assert nav.entry(tmp_path / "loud.py").title == "Loud"
