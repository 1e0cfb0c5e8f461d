"""The versions of the tables: which one a store has, and how it is brought to ours."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from data.errors import StoreError, TooNew

MIGRATIONS = Path(__file__).with_name("migrations")
# Known here too, so that a store that is up to date starts without the price of importing alembic (0.2 s, 10 MiB).
VERSIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
HEAD = VERSIONS[-1]
LOCK = 7_291_548_113  # any number of ours: two processes must not migrate one Postgres at once


def version(c: Connection) -> str | None:
    """The version of the tables, None for a store without any. Raises TooNew for one that we do not know."""
    if not inspect(c).has_table("alembic_version"):
        return None
    found = c.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in VERSIONS:
        raise TooNew(
            f"the store has tables of version {found}, this program knows {HEAD};"
            " a newer Wardround has been here: start that one, or restore an older backup"
        )
    return found


def expect_head(c: Connection) -> None:
    """Raises StoreError when somebody who only reads finds tables that are not ours yet."""
    if (found := version(c)) != HEAD:
        raise StoreError(
            f"the store has tables of version {found}, {HEAD} is needed: start the poller once to migrate it"
        )


def migrate(c: Connection, target: str = "head") -> None:
    """Brings the tables to ``target``, each step in its own transaction: killed half-way, the next start goes on."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = c
    command.upgrade(config, target)
