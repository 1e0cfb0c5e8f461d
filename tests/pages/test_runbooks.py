"""The runbooks: each opens by its address, unknown names lead to the first, every page's link leads to one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ui import books

HOME = Path(__file__).resolve().parents[2]


def shown(app) -> str:
    return "".join(each.value for each in app.markdown)


@pytest.mark.parametrize("name", ["recovery", "incident"])
def test_each_opens_by_its_address(stage, visit, name) -> None:
    stage()
    written = (HOME / "docs" / "runbooks" / f"{name}.md").read_text()
    assert shown(visit("runbooks", runbook=name)).strip() == written.strip()


def test_an_unknown_name_leads_to_the_first(stage, visit) -> None:
    stage()
    first = next(iter(books.titles()))
    assert shown(visit("runbooks", runbook="../../README")).strip() == books.read(first).strip()


def test_every_link_of_a_page_leads_to_a_runbook_that_is_there() -> None:
    pages = "".join(path.read_text() for path in (HOME / "pages").glob("*.py"))
    assert set(re.findall(r'markup\.book\("(\w+)"', pages)) == set(books.titles())
