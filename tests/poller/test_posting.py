"""Verdicts as checks of a deployment: created once, told when they turn, said again after trouble, never in the way."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import JSONResponse

import integrations
import settings
from data import deployments, store, watch
from model import Deployment
from poller._posting import Posting
from tests.integrations.conftest import serving

NOW = datetime.now(UTC)
SHA, TOKEN = "3f2c" * 10, "canary-checks-token"
HOME = '[[monitor]]\nkey = "home"\ncheck = "tcp"\nhost = "127.0.0.1"\nport = 9\n'


class Vercel:
    """What Vercel keeps of checks, by its own interface; ``trouble`` is answered instead."""

    def __init__(self) -> None:
        self.checks: dict[str, dict] = {}
        self.asked: list[tuple[str, str]] = []
        self.trouble: tuple[int, dict[str, str]] | None = None

    async def answer(self, request) -> JSONResponse:
        path = request.url.path
        self.asked.append((request.method, path))
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.query_params["teamId"] == "team_1"
        if self.trouble:
            return JSONResponse({"error": {"message": TOKEN}}, self.trouble[0], headers=self.trouble[1])
        if request.method == "GET":
            return JSONResponse({"checks": list(self.checks.values())})
        body = json.loads(await request.body())
        if request.method == "POST":
            assert path == "/v1/deployments/dpl_1/checks"
            assert body["blocking"] is True
            name = f"check_{len(self.checks)}"
            self.checks[name] = body | {"id": name, "status": "registered"}
            return JSONResponse(self.checks[name])
        self.checks[path.rpartition("/")[2]] |= body
        return JSONResponse(self.checks[path.rpartition("/")[2]])

    @property
    def said(self) -> list[tuple[str, str | None]]:
        return [(each["status"], each.get("conclusion")) for each in self.checks.values()]


@pytest.fixture
async def stage(tmp_path):
    """``(vercel, posting, verdict(state), turn(), clock)`` over a store with one production deployment."""
    there = Vercel()
    async with serving(there.answer) as base:
        path = tmp_path / "wardround.toml"
        path.write_text(
            f'[store]\nurl = "sqlite:///{tmp_path}/w.db"\n[vercel]\nbase = "{base}"\ntoken = "reads"\nteam = "team_1"\n'
            f'project = "web"\nchecks_token = "{TOKEN}"\nchecks = ["before"]\n'
            '[[checklist]]\nkey = "before"\nname = "Before"\nitem = [{ key = "a", title = "A" }]\n'
            '[[checklist]]\nkey = "other"\nname = "Other"\nitem = [{ key = "a", title = "A" }]\n' + HOME
        )
        known = settings.load(path, {})
        engine = store.open(known.store.url)
        with store.writing(engine) as c:
            at = NOW - timedelta(minutes=3)
            deployments.put(c, [Deployment("dpl_1", "web", "production", "building", at, None, SHA)])
        clock = [NOW]

        async def write(work):
            return await asyncio.to_thread(work)

        def posting() -> Posting:
            return Posting(engine, known, lambda: clock[0], write)

        def verdict(state: str, release: str = SHA, key: str = "before") -> None:
            with store.writing(engine) as c:
                watch.note(c, f"verdict {key}", json.dumps({"release": release, "state": state}))

        async with integrations.open_tools(clock=lambda: clock[0]) as tools:
            yield there, posting, verdict, tools, clock
        engine.dispose()


async def test_a_verdict_becomes_one_check_that_follows_it(stage) -> None:
    there, posting, verdict, tools, _ = stage
    one = posting()
    for state, said in (
        ("unsure", ("running", None)),
        ("go", ("completed", "succeeded")),
        ("no-go", ("completed", "failed")),
        ("go", ("completed", "succeeded")),
        ("unsure", ("completed", "failed")),  # a go that is no longer sure is no go
    ):
        verdict(state)
        await one.turn(tools)
        assert there.said == [said]
    assert next(iter(there.checks.values()))["name"] == "Wardround: Before"
    asked = len(there.asked)
    await one.turn(tools)
    assert len(there.asked) == asked, "what Vercel knows is not said again"


async def test_a_restart_makes_no_second_check_not_even_when_the_note_was_lost(stage) -> None:
    there, posting, verdict, tools, _ = stage
    verdict("go")
    await posting().turn(tools)
    first = posting()
    with store.writing(first.engine) as c:
        watch.note(c, "posted before", None)
    await first.turn(tools)
    verdict("no-go")
    await posting().turn(tools)
    assert there.said == [("completed", "failed")]


async def test_a_verdict_on_another_release_or_of_another_list_is_not_posted(stage) -> None:
    there, posting, verdict, tools, _ = stage
    verdict("go", "f" * 40)
    verdict("go", key="other")
    await posting().turn(tools)
    assert there.asked == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
async def test_trouble_is_logged_without_the_token_and_tried_again_later(stage, status, caplog) -> None:
    there, posting, verdict, tools, clock = stage
    there.trouble = (status, {"retry-after": "20"} if status == 429 else {})
    verdict("go")
    one = posting()
    with caplog.at_level(logging.DEBUG):
        await one.turn(tools)
        asked = len(there.asked)
        await one.turn(tools)
    assert len(there.asked) == asked == 1, "it waits"
    assert "could not be posted" in caplog.text
    assert TOKEN not in caplog.text
    there.trouble = None
    clock[0] += timedelta(seconds=31)
    await one.turn(tools)
    assert there.said == [("completed", "succeeded")]


async def test_without_a_token_or_a_list_nothing_is_ever_asked(stage, tmp_path) -> None:
    there, posting, verdict, _, _ = stage
    verdict("go")
    text = (tmp_path / "wardround.toml").read_text()
    for line in (f'checks_token = "{TOKEN}"\n', 'checks = ["before"]\n'):
        (tmp_path / "other.toml").write_text(text.replace(line, ""))
        known = settings.load(tmp_path / "other.toml", {})
        one = posting()
        await asyncio.wait_for(Posting(one.engine, known, one.now, one._write).run(), 5)
    assert there.asked == []


def test_the_token_is_in_no_repr(tmp_path) -> None:
    path = tmp_path / "wardround.toml"
    path.write_text(f'[vercel]\ntoken = "reads"\nproject = "web"\nchecks_token = "{TOKEN}"\n{HOME}')
    known = settings.load(path, {})
    assert TOKEN not in repr(known.integrations)
    assert TOKEN not in str(settings.shown(known))
