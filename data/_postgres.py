"""How a Postgres store is opened: psycopg 3, patience with locks, and one process at a time that migrates."""

from __future__ import annotations

from sqlalchemy import URL, Engine, create_engine, text

from data._sqlite import POOL
from data.errors import Refused
from data.schema import HEAD, LOCK, expect_head, migrate, version

LEAST = 140000


def engine_of(url: URL) -> Engine:
    """An engine over ``url``; waits five seconds for a server and for a lock, and notices a restarted one."""
    options = "-c timezone=UTC -c lock_timeout=5000 -c client_min_messages=warning"
    waits = {"connect_timeout": 5, "options": options, "application_name": "wardround"}
    return create_engine(url.set(drivername="postgresql+psycopg"), connect_args=waits, pool_pre_ping=True, **POOL)


def prepare(engine: Engine, *, readonly: bool) -> None:
    """Checks the server and its tables, and migrates them unless we only read."""
    with engine.connect() as c:
        found = int(c.execute(text("SHOW server_version_num")).scalar_one())
        if found < LEAST:
            raise Refused(f"Postgres {found // 10000} is too old, 14 or newer is needed")
        if readonly:
            expect_head(c)
        elif version(c) != HEAD:
            _migrate(engine)


def _migrate(engine: Engine) -> None:
    with engine.connect() as guard, engine.connect() as c:
        guard.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})  # goes with the connection
        try:
            if version(c) != HEAD:
                c.rollback()
                migrate(c)
        finally:
            guard.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
