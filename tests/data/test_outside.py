"""What outside services said is kept as it was said; a good answer outlives a failed one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, inspect

from data import copies, deployments, figures, issues, schema, series, snapshots, store
from model import (
    Deployment,
    Figure,
    Finding,
    Issue,
    Leak,
    Part,
    Phases,
    Release,
    Result,
    Snapshot,
    Status,
    VendorIncident,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ISSUE = Issue("7", "WEB-7", "TypeError: x", "web", "error", "new", 25, 3, NOON - HOUR, NOON, hourly=(0, 3, 22))
DEPLOYMENT = Deployment(
    "dpl_1", "web", "production", "ready", NOON, NOON + HOUR, "3f2c", "main", "fix", 2.0, 61.5, serving=True
)
FULL = Snapshot(
    Result(
        Status.DEGRADED, "2 escalating", 120.5, Phases(1.0, None, 2.0),
        (Part("new", Status.UP, None, "1"),), (Finding("quota", "drops", "buy"),), (("org", "acme"),),
    ),
    "look", (Figure("users", 3.0), Figure("free", 99.7, "%")), (ISSUE,),
    (Release("web@1", NOON, NOON + HOUR, "production", 2, 99.5, 1000, ("web", "api")),), (DEPLOYMENT,),
    (VendorIncident("vercel:1", "Vercel", "Slow builds", "monitoring", "minor", NOON, None, "https://x.example/1"),),
    (Leak("email", "user.email", "ev1", "WEB-7", "sentry.javascript 10.1"),),
)  # fmt: skip
BLIND = Snapshot(Result(Status.UNKNOWN, "Sentry refuses the token (401)"), "make a new one")


def test_a_snapshot_comes_back_as_it_was(db: Engine) -> None:
    with store.writing(db) as c:
        snapshots.put(c, {"sentry.issues": (NOON, FULL)})
    with store.reading(db) as c:
        assert snapshots.read(c) == {"sentry.issues": snapshots.Kept(NOON, FULL, NOON, FULL)}


def test_what_measured_nothing_leaves_the_last_good_answer_with_its_age(db: Engine) -> None:
    with store.writing(db) as c:
        snapshots.put(c, {"a.b": (NOON, BLIND)})
        snapshots.put(c, {"a.b": (NOON + HOUR, FULL), "c.d": (NOON, FULL)})
        snapshots.put(c, {"a.b": (NOON + 2 * HOUR, BLIND)})
    with store.reading(db) as c:
        found = snapshots.read(c)
    assert found["a.b"] == snapshots.Kept(NOON + 2 * HOUR, BLIND, NOON + HOUR, FULL)
    assert found["c.d"].good_at == NOON


def test_hostile_text_in_a_snapshot_is_kept_without_what_a_database_refuses(db: Engine) -> None:
    hostile = Snapshot(Result(Status.UP, "nul \0 lone \ud800 quote ' \" </script>"))
    with store.writing(db) as c:
        snapshots.put(c, {"a.b": (NOON, hostile)})
    with store.reading(db) as c:
        assert snapshots.read(c)["a.b"].newest.result.words == "nul ? lone ? quote ' \" </script>"


def test_figures_keep_the_last_of_each_hour_in_order(db: Engine) -> None:
    with store.writing(db) as c:
        for minutes, value in ((0, 1.0), (30, 2.0), (60, 3.0), (125, 4.0)):
            at = NOON + timedelta(minutes=minutes)
            figures.add(c, "sentry.issues", at, [Figure("users", value), Figure("other", -value)])
    with store.reading(db) as c:
        found = figures.between(c, NOON, NOON + 2 * HOUR, ["sentry.issues/users"])
        assert found == {"sentry.issues/users": ((NOON, 2.0), (NOON + HOUR, 3.0), (NOON + 2 * HOUR, 4.0))}
        assert len(figures.between(c, NOON, NOON + 3 * HOUR)) == 2


def test_old_figures_go_in_steps(db: Engine) -> None:
    with store.writing(db) as c:
        for hours in range(10):
            figures.add(c, "k", NOON + hours * HOUR, [Figure("a", 1.0), Figure("b", 1.0)])
        assert [figures.prune(c, NOON + 5 * HOUR, limit=7) for _ in range(3)] == [7, 3, 0]
        assert min(at for points in figures.between(c, NOON, NOON + 9 * HOUR).values() for at, _ in points) == (
            NOON + 5 * HOUR
        )


def test_a_deployment_is_known_as_it_was_seen_last(db: Engine) -> None:
    older = Deployment("dpl_0", "web", "preview", "building", NOON - HOUR)
    with store.writing(db) as c:
        deployments.put(c, [older, Deployment("dpl_1", "web", "production", "building", NOON)])
        deployments.put(c, [DEPLOYMENT])
    with store.reading(db) as c:
        assert deployments.between(c, NOON - HOUR, NOON + HOUR) == (DEPLOYMENT, older)
        assert deployments.between(c, NOON - HOUR, NOON) == (older,)


def test_one_deployment_serves_a_project_also_when_the_old_one_is_no_longer_listed(db: Engine) -> None:
    def one(name: str, target: str = "production", project: str = "web", *, serving: bool = False) -> Deployment:
        return Deployment(name, project, target, "ready", NOON, serving=serving)

    with store.writing(db) as c:
        deployments.put(c, [one("dpl_1", serving=True), one("dpl_s", "staging", serving=True)])
        deployments.put(c, [one("dpl_o", project="other", serving=True)])
        deployments.put(c, [one("dpl_2", serving=True)])
    with store.reading(db) as c:
        found = deployments.between(c, NOON, NOON + HOUR)
    assert {each.id for each in found if each.serving} == {"dpl_2", "dpl_s", "dpl_o"}

    with store.writing(db) as c:
        deployments.put(c, [one("dpl_1", serving=True)])
    with store.reading(db) as c:
        found = deployments.between(c, NOON, NOON + HOUR)
    assert {each.id for each in found if each.serving} == {"dpl_1", "dpl_s", "dpl_o"}, "rolled back"


def test_an_issue_is_new_once(db: Engine) -> None:
    with store.writing(db) as c:
        assert issues.known(c, ["7", "8"]) == frozenset()
        issues.put(c, [ISSUE])
        assert issues.known(c, ["7", "8"]) == {"7"}
    with store.reading(db) as c:
        assert issues.first_between(c, NOON - HOUR, NOON) == (ISSUE,)
        assert issues.first_between(c, NOON, NOON + HOUR) == ()


def test_a_backup_of_the_first_version_is_restored_and_brought_up_to_date(url: str, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    source = copies.engine_of(old)
    with source.connect() as c:
        schema.migrate(c, "0001")
    with source.begin() as c:
        series.ensure(c, ["api"], NOON)
    source.dispose()
    copies.restore(old, url, force=True)
    engine = store.open(url)
    with store.reading(engine) as c:
        assert list(series.created(c)) == ["api"]
        assert inspect(c).has_table("snapshots")
    engine.dispose()
