"""The door: how a store is opened, refused, put aside, migrated and protected."""

from __future__ import annotations

import os
import random
import shutil
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pysqlite3.dbapi2 as driver
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from data import _sqlite, filesystem, revision, samples, schema, series, store, watch
from data.tables import METADATA
from model import Sample, Status

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def write(db: Engine, count: int, start: datetime = NOON) -> None:
    with store.writing(db) as c:
        ids = series.ensure(c, ["api"], NOON)
        some = [Sample("api", start + timedelta(seconds=n), Status.UP, float(n), f"word {n}") for n in range(count)]
        samples.add(c, ids, some)
        revision.bump(c)


def count(db: Engine) -> int:
    with store.reading(db) as c:
        return len(samples.recent(c, "api", 1_000_000))


@pytest.fixture
def file(sqlite_url: str) -> Path:
    """A closed SQLite store with 3,000 samples."""
    engine = store.open(sqlite_url)
    write(engine, 3000)
    engine.dispose()
    path = store.path_of(sqlite_url)
    assert path is not None
    return path


# --- opening ---


def test_a_store_is_there_when_it_is_opened_again(url: str) -> None:
    for n in range(2):
        engine = store.open(url)
        write(engine, 5, NOON + timedelta(minutes=n))
        assert count(engine) == 5 * (n + 1)
        assert store.size(engine) > 10_000
        engine.dispose()


def test_the_tables_are_those_that_the_migrations_make(db: Engine) -> None:
    with db.connect() as c:
        assert compare_metadata(MigrationContext.configure(c), METADATA) == []


def test_the_known_versions_are_those_of_the_folder() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(reversed([s.revision for s in scripts.walk_revisions()])) == schema.VERSIONS
    assert scripts.get_heads() == [schema.HEAD]


def test_a_store_that_is_up_to_date_opens_without_alembic(url: str) -> None:
    store.open(url).dispose()
    code = f"import sys; from data import store; store.open({url!r}).dispose(); sys.exit('alembic' in sys.modules)"
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0


def test_a_reader_makes_no_store(bare_url: str) -> None:
    with pytest.raises(store.StoreError, match=r"no store at|version None"):
        store.open(bare_url, readonly=True)


def test_a_store_is_not_made_when_nobody_asked(sqlite_url: str) -> None:
    with pytest.raises(store.Missing, match="there is no store"):
        store.open(sqlite_url, create=False)
    assert not Path(sqlite_url.removeprefix("sqlite:///")).parent.exists()


@pytest.mark.parametrize("readonly", [True, False], ids=["an engine for readers", "a reading transaction"])
def test_a_reader_cannot_write(url: str, readonly: bool) -> None:
    store.open(url).dispose()
    engine = store.open(url, readonly=readonly)
    with pytest.raises(Exception, match=r"readonly|read-only"), store.reading(engine) as c:
        revision.bump(c)
    engine.dispose()


def test_after_reading_the_same_connection_can_write(db: Engine) -> None:
    for _ in range(30):
        with store.reading(db) as c:
            before = revision.read(c)
        with store.writing(db) as c:
            assert revision.bump(c) == before + 1


def test_a_reader_sees_one_snapshot(db: Engine) -> None:
    with store.reading(db) as c:
        assert revision.read(c) == 0
        write(db, 1)
        assert revision.read(c) == 0
    with store.reading(db) as c:
        assert revision.read(c) == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://u:secret@h/db", "on mysql is not possible"),
        ("not a url secret", "not understood"),
    ],
    ids=["no file", "memory", "another database", "no url"],
)
def test_an_address_that_cannot_be_is_refused_without_its_password(url: str, words: str) -> None:
    with pytest.raises(store.Refused, match=words) as caught:
        store.open(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_common_postgres_address_is_understood(scheme: str) -> None:
    assert str(store.address(f"{scheme}://u@h/db")) == "postgresql+psycopg://u@h/db"


def test_a_postgres_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(store.StoreError, match="does not answer") as caught:
        store.open("postgresql://u:hunter2@127.0.0.1:1/db")
    assert "hunter2" not in str(caught.value)


def test_only_the_owner_may_read_the_files(file: Path) -> None:
    engine = store.open(f"sqlite:///{file}")
    write(engine, 1, NOON + timedelta(hours=1))
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in file.parent.iterdir()}
    engine.dispose()
    assert set(modes) == {file.name + suffix for suffix in ("", "-wal", "-shm", ".ballast")}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_pragmas_are_set_on_every_connection(sqlite_url: str) -> None:
    engine = store.open(sqlite_url)
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 5000,
        "journal_size_limit": filesystem.WAL_LIMIT,
    }
    with engine.connect() as a, engine.connect() as b:
        for c in (a, b):
            assert {name: c.execute(text(f"PRAGMA {name}")).scalar() for name in expected} == expected
    engine.dispose()


# --- refusals ---


def test_an_sqlite_with_the_wal_reset_bug_is_refused() -> None:
    with pytest.raises(store.Refused, match=r"SQLite 3\.40\.1 can corrupt"):
        _sqlite.refuse_old((3, 40, 1))
    _sqlite.refuse_old((3, 51, 3))


MOUNTS = """\
22 1 8:1 / / rw - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/nfs rw,relatime shared:3 - nfs4 server:/x rw,vers=4.2
31 30 8:2 / /mnt/nfs/local rw - xfs /dev/sdb rw
32 22 0:41 / /mnt/windows\\040share rw - cifs //server/x rw
33 22 0:42 / /container rw - overlay overlay rw,lowerdir=/a,upperdir=/mnt/nfs/up,workdir=/w
34 22 0:43 / /box rw - overlay overlay rw,lowerdir=/a,upperdir=/var/up,workdir=/w
35 22 0:44 / /far rw - fuse.sshfs me@there: rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/mnt/nfs/var/w.db", "nfs4"),
        ("/mnt/windows share/w.db", "cifs"),
        ("/container/w.db", "nfs4"),
        ("/far/w.db", "fuse.sshfs"),
    ],
    ids=["nfs", "a Windows share", "an overlay over nfs", "sshfs"],
)
def test_a_network_filesystem_is_refused(path: str, kind: str) -> None:
    with pytest.raises(store.Refused, match=rf"network filesystem \({kind}\)"):
        filesystem.refuse_network(Path(path), MOUNTS)


@pytest.mark.parametrize("path", ["/var/w.db", "/mnt/nfs/local/w.db", "/box/w.db", "/mnt/nfsx/w.db"])
def test_a_local_filesystem_is_fine(path: str) -> None:
    filesystem.refuse_network(Path(path), MOUNTS)


def test_a_newer_schema_is_refused_and_left_alone(url: str) -> None:
    engine = store.open(url)
    write(engine, 3)
    with engine.begin() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for readonly in (False, True):
        with pytest.raises(store.TooNew, match=f"version 9999, this program knows {schema.HEAD}"):
            store.open(url, readonly=readonly)
    assert count(engine) == 3
    assert store.quarantined(url) == ()
    engine.dispose()


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = driver.connect(str(path))
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE precious (a)")
    other.commit()
    other.close()
    with pytest.raises(store.Refused, match="another program"):
        store.open(f"sqlite:///{path}")
    assert path.exists()


# --- damage ---


def flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 8, 200])):
        data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
    path.write_bytes(data)


def flip_head(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(100)] ^= chance.randrange(1, 256)
    path.write_bytes(data)


def cut(path: Path, chance: random.Random) -> None:
    os.truncate(path, chance.randrange(path.stat().st_size))


def cut_at_a_page(path: Path, chance: random.Random) -> None:
    os.truncate(path, 4096 * chance.randrange(path.stat().st_size // 4096))


def emptied(path: Path, _: random.Random) -> None:
    os.truncate(path, 0)


def foreign(path: Path, chance: random.Random) -> None:
    path.write_bytes(chance.randbytes(20_000))


def zeroed(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    start = 4096 * chance.randrange(len(data) // 4096)
    data[start : start + 4096] = bytes(4096)
    path.write_bytes(data)


DAMAGE = {
    "bytes flipped": (flip, 30), "a byte of the head flipped": (flip_head, 40), "cut anywhere": (cut, 15),
    "cut at a page": (cut_at_a_page, 15), "zero length": (emptied, 1), "a foreign file": (foreign, 3),
    "a page of zeros": (zeroed, 20),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE, ids=str)
def test_a_damaged_file_is_never_silently_empty(file: Path, name: str) -> None:
    damage, times = DAMAGE[name]
    whole = file.with_name("whole")
    shutil.copy(file, whole)
    put_aside = 0
    for seed in range(times):
        for old in file.parent.glob("wardround.db*"):
            old.unlink()
        shutil.copy(whole, file)
        damage(file, random.Random(seed))
        put_aside += opened_as_it_should(file)
    assert put_aside >= times / 5, "most damage is seen at the door"


def opened_as_it_should(file: Path) -> bool:
    """True when the file was put aside, with the next start clean and marked; else all rows must be there."""
    url = f"sqlite:///{file}"
    before = file.read_bytes()
    try:
        engine = store.open(url)
    except store.TooNew:
        return False  # the flipped byte was in the version: loud, and nothing touched
    except store.Corrupt as error:
        said = str(error)
    else:
        with store.reading(engine) as c:
            assert c.execute(text("SELECT count(*) FROM samples")).scalar() == 3000
        engine.dispose()
        return False
    (aside,) = store.quarantined(url)
    assert aside.name in said
    assert aside.read_bytes() == before
    fresh = store.open(url)
    with store.reading(fresh) as c:
        assert watch.noted(c)["quarantined"] == aside.name
    fresh.dispose()
    return True


def test_a_zero_length_log_is_nothing_to_worry_about(file: Path) -> None:
    file.with_name(file.name + "-wal").touch()
    engine = store.open(f"sqlite:///{file}")
    assert count(engine) == 3000
    engine.dispose()


def test_a_reader_says_that_the_file_is_damaged_and_touches_nothing(file: Path) -> None:
    file.write_bytes(b"no database at all" * 999)
    with pytest.raises(store.Corrupt, match="cannot be read"):
        store.open(f"sqlite:///{file}", readonly=True)
    assert file.exists()


def test_damage_that_shows_while_running_is_named(file: Path) -> None:
    engine = store.open(f"sqlite:///{file}", check=False)
    size = file.stat().st_size
    with file.open("rb+") as damaged:
        damaged.seek(4096)
        damaged.write(os.urandom(size - 4096))
    with pytest.raises(store.Corrupt, match="is damaged"), store.reading(engine) as c:
        samples.recent(c, "api", 9999)
    engine.dispose()


# --- a full disk ---


def test_the_ballast_is_laid_given_up_and_laid_again(sqlite_url: str) -> None:
    engine = store.open(sqlite_url)
    path = store.path_of(sqlite_url)
    assert path is not None
    ballast = filesystem.ballast(path)
    assert ballast.stat().st_blocks * 512 >= 2 * filesystem.WAL_LIMIT, "a sparse file would keep no room"
    assert [store.release_ballast(engine), store.release_ballast(engine)] == [True, False]
    assert not ballast.exists()
    assert store.restore_ballast(engine)
    assert ballast.stat().st_size == filesystem.BALLAST
    engine.dispose()


def test_a_store_with_a_limit_says_that_it_is_full_and_goes_on_when_it_is_raised(sqlite_url: str) -> None:
    store.open(sqlite_url).dispose()
    engine = store.open(sqlite_url, max_pages=80)
    with pytest.raises(store.Full, match="the ballast has been given up"):
        write(engine, 20_000)
    assert count(engine) == 0
    write(engine, 10)
    assert count(engine) == 10
    engine.dispose()
    engine = store.open(sqlite_url)
    write(engine, 20_000, NOON + timedelta(days=1))
    assert count(engine) == 20_010
    engine.dispose()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 64 MiB, where this process may make one."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.system(f"mount -t tmpfs -o size=64m,mode=700 tmpfs '{place}' 2>/dev/null") != 0:
        pytest.skip("no filesystem of our own may be mounted here; the limit of pages stands in for it")
    yield place
    os.system(f"umount -l '{place}'")


def fill_up(place: Path) -> Path:
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return filler


def test_on_a_full_disk_the_ballast_lets_writing_go_on_at_once(small_disk: Path) -> None:
    engine = store.open(f"sqlite:///{small_disk}/w.db")
    write(engine, 1000)
    filler = fill_up(small_disk)

    def write_on() -> None:
        for n in range(1, 500):
            write(engine, 1000, NOON + timedelta(hours=n))

    with pytest.raises(store.Full, match="the ballast has been given up"):
        write_on()
    kept = count(engine)
    write(engine, 1000, NOON + timedelta(days=99))
    assert count(engine) == kept + 1000
    assert not store.restore_ballast(engine)
    filler.unlink()
    assert store.restore_ballast(engine)
    engine.dispose()


def test_a_store_starts_on_a_full_disk(small_disk: Path) -> None:
    engine = store.open(f"sqlite:///{small_disk}/w.db")
    write(engine, 1000)
    engine.dispose()
    fill_up(small_disk)
    again = store.open(f"sqlite:///{small_disk}/w.db")
    write(again, 1000, NOON + timedelta(hours=1))
    reader = store.open(f"sqlite:///{small_disk}/w.db", readonly=True)
    assert count(reader) == 2000
    reader.dispose()
    again.dispose()


def test_a_disk_too_small_for_a_store_says_so(small_disk: Path) -> None:
    fill_up(small_disk)
    with pytest.raises(store.Full):
        store.open(f"sqlite:///{small_disk}/w.db")
