"""The SQL of docs/vitals.md on a real Postgres: browsers tell one function what they measured, and read nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

DOC = Path(__file__).resolve().parents[2] / "docs" / "vitals.md"
LCP = {"id": "v6-1", "name": "LCP", "value": 2100.5, "path": "/prescriptions/1", "rating": "good"}
INP = {"id": "v6-2", "name": "INP", "value": 80, "path": "/prescriptions/1"}
Browser = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def browser(postgres_url: str) -> Iterator[Browser]:
    """A connection that may do what a browser with the anonymous key may, where Supabase grants what it grants."""
    sql = re.search(r"```sql\n(.*?)```", DOC.read_text(encoding="utf-8"), re.S)
    assert sql
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute("drop table if exists web_vitals")
        owner.execute("drop function if exists tell_vitals")
        owner.execute("do $$ begin create role anon nologin; exception when duplicate_object then null; end $$")
        owner.execute("alter default privileges in schema public grant all on tables to anon")
        owner.execute(sql[1].encode())
        owner.execute("set role anon")
        yield owner
        owner.execute("reset role")
        owner.execute("alter default privileges in schema public revoke all on tables from anon")
        owner.execute("drop table web_vitals")
        owner.execute("drop function tell_vitals")


def told(browser: Browser, *measured: object) -> list[tuple[object, ...]]:
    """Tells, as a browser; then what is there, as the owner sees it."""
    browser.execute("set role anon")
    browser.execute("select tell_vitals(%s)", [json.dumps(measured)])
    browser.execute("reset role")
    return browser.execute("select metric_id, name, value, failed from web_vitals order by name").fetchall()


def test_what_comes_again_keeps_the_greater_value_and_hurts_nothing(browser) -> None:
    assert told(browser, INP) == [("v6-2", "INP", 80, False)]
    assert told(browser, INP | {"value": 300}, LCP) == [("v6-2", "INP", 300, False), ("v6-1", "LCP", 2100.5, False)]
    assert told(browser, INP | {"value": 120})[0] == ("v6-2", "INP", 300, False)
    assert told(browser, INP | {"value": 310}, INP | {"value": 305})[0] == ("v6-2", "INP", 310, False)


def test_what_grew_is_among_the_newest_again(browser) -> None:
    told(browser, INP)
    browser.execute("update web_vitals set created_at = now() - interval '1 hour'")
    for value, fresh in ((70, False), (90, True)):
        told(browser, INP | {"value": value})
        (found,) = browser.execute("select created_at > now() - interval '1 minute' from web_vitals").fetchall()
        assert found == (fresh,)


@pytest.mark.parametrize(
    ("tags", "failed"),
    [({"status": "error"}, True), ({"success": False}, True), ({"status": "success"}, False), (None, False)],
)
def test_the_platforms_own_metrics_come_with_whether_they_failed(tags, failed, browser) -> None:
    found = told(browser, LCP | {"name": "api.prescriptions", "tags": tags})

    assert found == [("v6-1", "api.prescriptions", 2100.5, failed)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "XYZ"}, {"name": "api."}, {"name": "api.x y"}, {"name": None}, {"value": -1}, {"value": "NaN"},
        {"value": "x"}, {"value": None}, {"id": ""}, {"id": "x" * 201}, {"path": "/" * 501}, {"device": "toaster"},
    ],
)  # fmt: skip
def test_what_is_no_measurement_stays_out_alone(wrong, browser) -> None:
    assert told(browser, LCP | wrong, INP) == [("v6-2", "INP", 80, False)]


def test_no_query_is_kept(browser) -> None:
    told(browser, LCP | {"path": "/prescriptions?mrn=1#top"})

    assert browser.execute("select path from web_vitals").fetchall() == [("/prescriptions",)]


@pytest.mark.parametrize(
    "statement",
    [
        "select * from web_vitals",
        "delete from web_vitals",
        "update web_vitals set value = 1",
        "insert into web_vitals (metric_id, name, value, path) values ('1', 'LCP', 1, '/')",
    ],
)
def test_a_browser_has_no_other_way(statement, browser) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        browser.execute(statement)
