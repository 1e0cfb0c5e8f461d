"""The door to the store: open it, write in one transaction, read in one snapshot; nothing else opens connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from data import _file, _postgres, filesystem
from data._sqlite import BEGIN
from data.errors import Busy, Corrupt, Full, Missing, Refused, StoreError, TooNew, Unreachable

__all__ = [
    "Broken", "Busy", "Connection", "Corrupt", "Engine", "Full", "Missing", "Refused", "StoreError", "TooNew",
    "Unreachable", "address", "open", "path_of", "quarantined", "reading", "release_ballast", "restore_ballast",
    "size", "writing",
]  # fmt: skip

Broken = DBAPIError  # what the database says that has no words of ours

FULL_CODES = ("SQLITE_FULL", "53100")
BUSY_CODES = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03")
CORRUPT_CODES = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002")


def address(url: str) -> URL:
    """What ``url`` means: ``sqlite:///FILE`` or ``postgresql://...`` (``postgres://`` too). Raises Refused."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise Refused("the store's url is not understood; expected sqlite:///FILE or postgresql://...") from None
    if parsed.get_backend_name() in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise Refused(f"a store on {parsed.get_backend_name()} is not possible; use sqlite:///FILE or postgresql://...")
    if not parsed.database or parsed.database == ":memory:":
        raise Refused("the store needs a file: sqlite:///var/wardround.db")
    return parsed


def path_of(url: str) -> Path | None:
    """The file of an SQLite store, absolute; None for Postgres."""
    parsed = address(url)
    return Path(parsed.database or "").absolute() if parsed.get_backend_name() == "sqlite" else None


def open(
    url: str, *, create: bool = True, readonly: bool = False, check: bool = True, max_pages: int | None = None
) -> Engine:
    """The store at ``url``, made or migrated when needed, with the tables of this program.

    ``readonly`` changes nothing and raises Missing when there is no store yet. ``check`` reads the whole file once
    (0.3 s for 100 MB). Raises Refused, Missing, TooNew, Corrupt (the file has been put aside), Full.
    """
    path = path_of(url)
    if path is not None:
        return _file.open_file(path, create=create, readonly=readonly, check=check, max_pages=max_pages)
    engine = _postgres.engine_of(address(url))
    try:
        _postgres.prepare(engine, readonly=readonly)
    except DBAPIError as error:
        engine.dispose()
        raise Unreachable(f"Postgres does not answer as it should: {error.orig}") from error
    except StoreError:
        engine.dispose()
        raise
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that holds the write lock from its start: all or nothing.

    Raises Full after giving up the ballast: the caller may try the whole transaction once more; Busy, Unreachable,
    Corrupt.
    """
    try:
        with engine.connect().execution_options(**{BEGIN: "IMMEDIATE"}) as c, c.begin():
            yield c
    except DBAPIError as error:
        raise _said(engine, error) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One snapshot that cannot write. Keep it short: while it is open, SQLite's log can only grow."""
    try:
        with engine.connect() as c:
            yield from (_sqlite_snapshot(c) if engine.dialect.name == "sqlite" else _postgres_snapshot(c))
    except DBAPIError as error:
        raise _said(engine, error) from error


def _sqlite_snapshot(c: Connection) -> Iterator[Connection]:
    raw = c.connection.driver_connection
    assert raw is not None
    before = raw.execute("PRAGMA query_only").fetchone()[0]
    raw.execute("PRAGMA query_only=ON")
    try:
        with c.begin():
            yield c
    finally:
        raw.execute(f"PRAGMA query_only={before}")


def _postgres_snapshot(c: Connection) -> Iterator[Connection]:
    quiet = c.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with quiet.begin():
        yield quiet


def _said(engine: Engine, error: DBAPIError) -> Exception:
    """The driver's error in our words where a caller can act on it; any other as it is."""
    code = str(getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or "")
    if code.startswith(FULL_CODES) or (code.startswith("SQLITE_IOERR") and _no_room(engine)):
        released = release_ballast(engine)
        return Full("the disk of the store is full" + ("; the ballast has been given up" if released else ""))
    if code.startswith(BUSY_CODES):
        return Busy("the store stayed locked by another writer for 5 s")
    if code.startswith(CORRUPT_CODES):
        return Corrupt(f"the store is damaged ({error.orig}); stop, and start again: the file will be put aside")
    if engine.dialect.name != "sqlite" and isinstance(error, OperationalError):
        return Unreachable(f"Postgres does not answer: {error.orig}")
    return error


def _file_of(engine: Engine) -> Path | None:
    return Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None


def _no_room(engine: Engine) -> bool:
    path = _file_of(engine)
    return path is not None and filesystem.free(path) < filesystem.MIB


def release_ballast(engine: Engine) -> bool:
    """Gives up the file that keeps room for a full disk; False when there is none (never on Postgres)."""
    path = _file_of(engine)
    return path is not None and filesystem.release(path)


def restore_ballast(engine: Engine) -> bool:
    """Lays the ballast again once there is room; True when it lies there, and on Postgres, which needs none."""
    path = _file_of(engine)
    return path is None or filesystem.restore(path)


def size(engine: Engine) -> int:
    """Bytes the store takes on disk, its log included."""
    path = _file_of(engine)
    if path is None:
        with reading(engine) as c:
            return int(c.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    names = (path, path.with_name(path.name + "-wal"))
    return sum(name.stat().st_size for name in names if name.exists())


def quarantined(url: str) -> tuple[Path, ...]:
    """Damaged files that were put aside beside the store, oldest first; a loud sign is due while there are any."""
    path = path_of(url)
    return _file.put_aside(path) if path is not None else ()
