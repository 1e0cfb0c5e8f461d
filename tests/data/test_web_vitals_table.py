"""The SQL of docs/vitals.md on a real Postgres: browsers may insert what is a measurement, and read nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

DOC = Path(__file__).resolve().parents[2] / "docs" / "vitals.md"
GOOD = "insert into web_vitals (metric_id, name, value, path) values ('v6-1', 'LCP', 2100.5, '/prescriptions/1')"


@pytest.fixture
def browser(postgres_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection that may do what a browser with the anonymous key may."""
    sql = re.search(r"```sql\n(.*?)```", DOC.read_text(encoding="utf-8"), re.S)
    assert sql
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute("drop table if exists web_vitals")
        owner.execute("do $$ begin create role anon nologin; exception when duplicate_object then null; end $$")
        owner.execute(sql[1].encode())
        owner.execute("set role anon")
        yield owner
        owner.execute("reset role")
        owner.execute("drop table web_vitals")


def test_a_browser_inserts_once_and_reads_nothing(browser) -> None:
    browser.execute(GOOD)
    with pytest.raises(psycopg.errors.UniqueViolation):
        browser.execute(GOOD)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        browser.execute("select * from web_vitals")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        browser.execute("delete from web_vitals")
    browser.execute("reset role")
    assert browser.execute("select metric_id, name, value from web_vitals").fetchall() == [("v6-1", "LCP", 2100.5)]


@pytest.mark.parametrize(
    "values",
    [
        "('v6-2', 'XYZ', 1, '/')",
        "('v6-2', 'LCP', -1, '/')",
        "('v6-2', 'LCP', 'NaN', '/')",
        "('v6-2', 'LCP', 1, '/?mrn=1')",
        "('', 'LCP', 1, '/')",
    ],
)
def test_what_is_no_measurement_stays_out(values, browser) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        browser.execute(f"insert into web_vitals (metric_id, name, value, path) values {values}")


def test_nobody_writes_into_the_past(browser) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        browser.execute(GOOD.replace("path)", "path, created_at)").replace("1')", "1', '2020-01-01')"))
