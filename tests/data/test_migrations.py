"""Migrations: each is one transaction, killed ones are taken up again."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from data import revision, schema, store
from tests import warm

SECOND = '''"""A second step."""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("UPDATE revision SET number = 7")
    {then}
'''


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations with room for a second one."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder)
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    return folder / "versions" / "next.py"


def found(db: Engine) -> tuple[str, bool, int]:
    with db.connect() as c:
        version = str(c.execute(text("SELECT version_num FROM alembic_version")).scalar())
        return version, inspect(c).has_table("later"), revision.read(c)


def test_a_migration_that_breaks_half_way_leaves_nothing_behind_and_is_taken_up_again(db: Engine, step: Path) -> None:
    step.write_text(SECOND.format(head=schema.HEAD, then='raise RuntimeError("power cut")'))
    with pytest.raises(RuntimeError, match="power cut"), db.connect() as c:
        schema.migrate(c)
    assert found(db) == (schema.HEAD, False, 0)
    step.write_text(SECOND.format(head=schema.HEAD, then="pass"))
    with db.connect() as c:
        schema.migrate(c)
    assert found(db) == ("next", True, 7)


@pytest.mark.slow
def test_a_first_start_that_is_killed_anywhere_is_taken_up_by_the_next(bare_url: str) -> None:
    code = f"from data import store; print('go', flush=True); store.open({bare_url!r})"
    chance = random.Random(5)
    for _ in range(8):
        child = warm.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdout.readline() == b"go\n"
        time.sleep(chance.uniform(0, 0.12))
        child.kill()
        child.wait()
        child.stdout.close()
    engine = store.open(bare_url)
    with store.writing(engine) as c:
        assert revision.bump(c) == 1
    engine.dispose()
    assert store.quarantined(bare_url) == ()


@pytest.mark.slow
def test_two_that_start_at_once_make_one_store(bare_url: str) -> None:
    code = f"from data import revision, store\nwith store.writing(store.open({bare_url!r})) as c: revision.bump(c)"
    children = [warm.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    engine = store.open(bare_url)
    with store.reading(engine) as c:
        assert revision.read(c) == 3
    engine.dispose()
