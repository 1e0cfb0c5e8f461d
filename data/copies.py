"""Backups of the store and their way back: one SQLite file, whichever database the store lies on."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from data import _file, _transfer, filesystem, store
from data._sqlite import alone, engine_of
from data._transfer import counts
from data.errors import Busy, Corrupt, Full, StoreError
from data.moments import micros
from data.schema import version
from data.tables import LEASES

HISTORY = ("samples", "chunks", "intervals", "standings")


def backup(url: str, path: Path) -> dict[str, int]:
    """Copies the store at ``url``, which goes on working, into the file ``path``; returns how many rows each table has.

    The copy is opened, checked and counted before it takes its name; an older file there stays until then.
    """
    source = store.open(url, create=False, readonly=True)
    part = path.with_name(path.name + ".part")
    try:
        _fresh(part)
        _copy_out(source, part)
        found = verified(part)
        os.replace(part, path)
        _file.sync_folder(path)
    except OSError as error:
        raise Full(f"the backup cannot be written to {path}: {error.strerror}") from error
    finally:
        source.dispose()
        _file.remove(part)
    return found


def _fresh(part: Path) -> None:
    _file.remove(part)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600))


def _copy_out(source: Engine, part: Path) -> None:
    if source.dialect.name == "sqlite":
        _transfer.pages(Path(source.url.database or ""), part)
        return
    _file.build(part)
    target = engine_of(part)
    with store.reading(source) as old, store.writing(target) as new:
        _transfer.rows(old, new)
    target.dispose()
    _transfer.single(part)


def verified(path: Path) -> dict[str, int]:
    """The rows of each table of the backup ``path``, after a full integrity check. Raises Corrupt, TooNew."""
    if not path.exists():
        raise StoreError(f"there is no backup at {path}")
    engine = engine_of(path, readonly=True)
    try:
        with store.reading(engine) as c:
            return _verified(c, path)
    except DBAPIError as error:
        raise Corrupt(f"the backup {path} is damaged: {error.orig}") from error
    except Corrupt as error:
        raise Corrupt(f"the backup {path} is damaged: {error}") from error
    finally:
        engine.dispose()


def _verified(c: Connection, path: Path) -> dict[str, int]:
    if (found := str(c.execute(text("PRAGMA integrity_check(1)")).scalar())) != "ok":
        raise Corrupt(found)
    if version(c) is None:
        raise StoreError(f"{path} is no backup of a store")
    return counts(c)


def newest(folder: Path, pattern: str = "*.db") -> Path | None:
    """The newest backup in ``folder`` that is whole: what to restore after the store was put aside."""
    for path in sorted(folder.glob(pattern), key=lambda p: p.stat().st_mtime, reverse=True):
        with suppress(StoreError):
            verified(path)
            return path
    return None


def restore(path: Path, url: str, force: bool = False) -> dict[str, int]:
    """Makes the store at ``url`` from the backup ``path``; returns how many rows each table has.

    Raises StoreError when there is a history already and ``force`` is not given, and Busy while a poller runs.
    An SQLite file that was there is put aside as ``FILE.replaced-...``; a Postgres' tables are emptied first.
    """
    verified(path)
    target = store.path_of(url)
    return _restore_rows(path, url, force) if target is None else _restore_file(path, target, force)


def _restore_file(path: Path, target: Path, force: bool) -> dict[str, int]:
    filesystem.private(target.parent)
    part = target.with_name(target.name + ".restored")
    with alone(target):
        if target.exists():
            _refuse_a_readable(target, force)
        _fresh(part)
        _transfer.pages(path, part)
        _file.log_mode(part)
        if target.exists():
            _file.put_away(target, "replaced")
        os.replace(part, target)
        _file.sync_folder(target)
    engine = store.open(f"sqlite:///{target}")
    with store.reading(engine) as c:
        found = counts(c)
    engine.dispose()
    return found


def _refuse_a_readable(target: Path, force: bool) -> None:
    """What cannot be read any more may be replaced."""
    engine = engine_of(target, readonly=True)
    try:
        with suppress(Corrupt), store.reading(engine) as c:
            _refuse(c, force)
    finally:
        engine.dispose()


def _refuse(c: Connection, force: bool) -> None:
    if version(c) is None:
        return
    if (c.execute(select(func.max(LEASES.c.until))).scalar() or 0) > micros(datetime.now(UTC)):
        raise Busy("a poller works on this store: stop it first, and wait until its lease has run out")
    found = counts(c)
    if not force and any(found[name] for name in HISTORY):
        raise StoreError("this store has a history already; say so with --force when it shall be replaced")


def _restore_rows(path: Path, url: str, force: bool) -> dict[str, int]:
    source, target = engine_of(path, readonly=True), store.open(url)
    try:
        with store.reading(source) as old, store.writing(target) as new:
            _refuse(new, force)
            _transfer.rows(old, new)
            return counts(new)
    finally:
        source.dispose()
        target.dispose()
