"""The file of an SQLite store: made whole or not at all, examined before use, put aside when it is damaged."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from data import filesystem
from data._sqlite import alone, engine_of, refuse_old
from data.errors import Busy, Corrupt, Full, Missing, Refused
from data.schema import HEAD, expect_head, migrate, version
from data.tables import METADATA, NOTES

MAGIC = b"SQLite format 3\0"
WAL_MODE = b"\2\2"  # bytes 18 and 19 of a file that is written through a log
# Anything else that goes wrong while a file is examined means damage.
NOT_DAMAGE = ("SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_NOMEM", "SQLITE_PERM", "SQLITE_IOERR_SHM")


def open_file(path: Path, *, create: bool, readonly: bool, check: bool, max_pages: int | None) -> Engine:
    """The engine over ``path``, which is there, sound and of our version afterwards."""
    refuse_old()
    filesystem.refuse_network(path)
    if not path.exists() and (readonly or not create):
        raise Missing(f"there is no store at {path} yet: start the poller, or look at the url")
    if readonly:
        return _open_for_readers(path)
    filesystem.private(path.parent)
    with alone(path):
        filesystem.make_room(path)
        if not path.exists():
            build(path)
        else:
            examine(path, check=check)
        filesystem.restore(path)
    return engine_of(path, max_pages=max_pages)


def _open_for_readers(path: Path) -> Engine:
    engine = engine_of(path, readonly=True)
    try:
        with engine.connect() as c:
            expect_head(c)
    except DBAPIError as error:
        engine.dispose()
        raise Corrupt(f"the store {path.name} cannot be read ({error.orig}); the poller will put it aside") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def build(path: Path) -> None:
    """Makes an empty store under another name and moves it into place, so that no half-made file is ever found."""
    part = path.with_name(path.name + ".new")
    remove(part)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600))
    engine = engine_of(part)
    try:
        _fill(engine, put_aside(path))
    except DBAPIError as error:
        raise Full(f"a store cannot be made at {path}: {error.orig}") from error
    finally:
        engine.dispose()
    log_mode(part)
    os.replace(part, path)
    sync_folder(path)


def _fill(engine: Engine, aside: tuple[Path, ...]) -> None:
    with engine.connect() as c:
        migrate(c)
    if aside:
        with engine.begin() as c:
            c.execute(NOTES.insert(), {"key": "quarantined", "value": ", ".join(p.name for p in aside)})


def log_mode(path: Path) -> None:
    """Turns the log on last: closing then leaves one whole file with nothing beside it."""
    engine = engine_of(path)
    with engine.connect() as c:
        c.connection.execute("PRAGMA journal_mode=WAL")
    engine.dispose()


def examine(path: Path, *, check: bool = True) -> None:
    """Migrates a sound file; puts a damaged one aside and raises Corrupt, so that the next start begins anew."""
    why = _wrong_header(path)
    engine = engine_of(path)
    try:
        why = why or _why_damaged(engine, check=check)
    finally:
        engine.dispose()
    if why:
        raise Corrupt(
            f"the store {path} is damaged ({why}); it was put aside as {put_away(path).name}:"
            " restore a backup (wardround.py restore FILE), or start again with an empty history"
        )


def _wrong_header(path: Path) -> str:
    head = path.read_bytes()[:100] if path.stat().st_size < 100 else _first(path)
    if len(head) < 100:
        return f"it has only {len(head)} bytes"
    if head[:16] != MAGIC:
        return "it is not an SQLite file"
    # A flipped byte here would make SQLite ignore the log, and the newest samples with it.
    return "" if head[18:20] == WAL_MODE else "its header is wrong"


def _first(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(100)


def _why_damaged(engine: Engine, *, check: bool) -> str:
    try:
        with engine.connect() as c:
            found = str(c.execute(text("PRAGMA quick_check(1)")).scalar()) if check else "ok"
        return _bring_to_head(engine) if found == "ok" else found.replace("\n", " ")
    except UnicodeDecodeError:  # the driver chokes on an error that quotes damaged bytes
        return "its text is not UTF-8"
    except DBAPIError as error:
        return _damage_or_raise(error)


def _damage_or_raise(error: DBAPIError) -> str:
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        raise Busy("another program keeps the store locked") from error
    if name.startswith(NOT_DAMAGE):
        raise Full(f"the store cannot be opened, most likely for want of room: {error.orig}") from error
    return str(error.orig)


def _bring_to_head(engine: Engine) -> str:
    with engine.connect() as c:
        found = version(c)
        tables = set(inspect(c).get_table_names())
        c.rollback()
        if found is None and tables:
            return _not_ours(engine, tables)
        if found != HEAD:
            migrate(c)
    return ""


def _not_ours(engine: Engine, tables: set[str]) -> str:
    if tables & set(METADATA.tables):
        return "its version is gone"
    raise Refused(f"{engine.url.database} is a database of another program; nothing was touched")


def put_away(path: Path, why: str = "corrupt") -> Path:
    """Renames a store and its log; the bytes stay as they are for whoever wants to look."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    aside = path.with_name(f"{path.name}.{why}-{stamp}")
    os.replace(path, aside)
    _aside(path, "-wal", aside)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    sync_folder(path)
    return aside


def _aside(path: Path, suffix: str, aside: Path) -> None:
    beside = path.with_name(path.name + suffix)
    if beside.exists():
        os.replace(beside, aside.with_name(aside.name + suffix))


def put_aside(path: Path) -> tuple[Path, ...]:
    """The damaged files beside ``path``, oldest first."""
    found = path.parent.glob(f"{path.name}.corrupt-*")
    return tuple(sorted(p for p in found if not p.name.endswith("-wal")))


def sync_folder(path: Path) -> None:
    """Makes a rename outlast a power cut."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove(path: Path) -> None:
    """Deletes a file of ours that never took its name, and what SQLite laid beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
