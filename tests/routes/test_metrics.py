"""Figures for Prometheus: only with the token, and unknown is absent rather than zero."""

from __future__ import annotations

import re

import pytest

import settings
from model import Status
from tests.serving import SCRAPER, Stage, forget

LINE = re.compile(r'^[a-z0-9_]+(\{monitor="[a-z0-9_-]+"\})? -?[0-9.e+-]+$')


async def scraped(stage: Stage) -> str:
    answer = await stage.client.get("/metrics", headers={"Authorization": f"Bearer {SCRAPER}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "no-store" in answer.headers["cache-control"]
    return answer.text


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="no token"),
        pytest.param("Bearer ", id="an empty one"),
        pytest.param("Bearer wrong", id="a wrong one"),
        pytest.param(f"Bearer {SCRAPER}x", id="a longer one"),
        pytest.param(f"Basic {SCRAPER}", id="another scheme"),
        pytest.param("Bearer \xff\xfe", id="not ASCII"),
    ],
)
async def test_nobody_reads_them_without_the_token(stage: Stage, header: str | None) -> None:
    headers = {"Authorization": header.encode("latin-1")} if header is not None else {}
    answer = await stage.client.get("/metrics", headers=headers)
    assert answer.status_code == 401
    assert "monitor" not in answer.text


async def test_without_a_token_in_the_configuration_there_is_no_such_door(stage: Stage) -> None:
    path = settings.current().path
    assert path
    path.write_text(path.read_text().replace(f'metrics_token = "{SCRAPER}"', ""))
    forget()
    for header in ("Bearer ", f"Bearer {SCRAPER}"):
        assert (await stage.client.get("/metrics", headers={"Authorization": header})).status_code == 404


async def test_every_line_is_one_that_prometheus_reads(stage: Stage) -> None:
    stage.stand()
    stage.report()
    lines = (await scraped(stage)).splitlines()
    assert [line for line in lines if not line.startswith("# ") and not LINE.match(line)] == []
    named = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(named) == len(set(named))


async def test_monitors_and_the_watch_are_there(stage: Stage) -> None:
    stage.stand(Status.DEGRADED, ago=2)
    stage.report(ago=3)
    text = await scraped(stage)
    assert 'wardround_monitor_up{monitor="shop"} 0.5' in text
    assert 'wardround_monitor_latency_seconds{monitor="shop"} 0.064' in text
    assert re.search(r'wardround_monitor_last_sample_age_seconds\{monitor="shop"\} (?:[2-9]|[1-5]\d)(?!\d)', text)
    assert re.search(r"wardround_poller_age_seconds (?:[3-9]|[1-5]\d)(?!\d)", text)
    assert "wardround_poller_late_p99_seconds 0.0125" in text
    assert "wardround_poller_missed_total 2" in text
    assert "wardround_outbox_waiting 0" in text


@pytest.mark.parametrize(("status", "ago"), [(Status.UNKNOWN, 1.0), (Status.UP, 3600.0)])
async def test_what_is_not_known_is_absent(stage: Stage, status: Status, ago: float) -> None:
    stage.stand(status, ago)
    assert "wardround_monitor_up{" not in await scraped(stage)
