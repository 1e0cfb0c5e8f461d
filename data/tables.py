"""The tables of the store. Their shape is made by migrations/versions/; a test holds both equal."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData()
# SQLite gives a row its number only when the column's type is exactly INTEGER.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def _number() -> Column[int]:
    return Column("id", NUMBER, primary_key=True)


def _key() -> Column[int]:
    """Time and series in one integer, time first: appending then touches the last page only."""
    return Column("key", NUMBER, primary_key=True, autoincrement=False)


def _int(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def _code(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False)


def _text(name: str, *, null: bool = False, primary: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null, primary_key=primary)


SERIES = Table(
    "series",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    _int("created"),
)
# Fresh samples; key = milliseconds since 1970 << 16 | series. Durations are microseconds.
SAMPLES = Table(
    "samples",
    METADATA,
    _key(),
    _code("status"),
    *(Column(name, Integer) for name in ("latency", "dns", "connect", "tls", "first_byte", "total")),
    _text("words", null=True),
)
# Sealed hours; key = hours since 1970 << 16 | series.
CHUNKS = Table("chunks", METADATA, _key(), Column("body", LargeBinary, nullable=False))
STANDINGS = Table(
    "standings",
    METADATA,
    Column("series", Integer, primary_key=True, autoincrement=False),
    _code("status"),
    _int("since"),
    _int("seen", null=True),
    _text("words"),
    _text("doubts"),
    _int("latency", null=True),
    _text("blind"),
)
RESULTS = Table("results", METADATA, _text("monitor", primary=True), _int("at"), _text("body"))
INTERVALS = Table(
    "intervals",
    METADATA,
    _number(),
    Column("series", Integer, nullable=False),
    _code("status"),
    _int("start_at"),
    _int("end_at"),
    _text("words"),
    Index("intervals_end_at", "end_at"),
    Index("intervals_series", "series", "end_at"),
)
FLIPS = Table(
    "flips",
    METADATA,
    _number(),
    Column("series", Integer, nullable=False),
    _code("before"),
    _code("after"),
    _int("at"),
    _int("seen"),
    _text("words"),
    Index("flips_at", "at"),
    Index("flips_series", "series", "at"),
)


def _rollups(name: str) -> Table:
    """key = start in seconds since 1970 << 16 | series. Durations are microseconds."""
    counts = (Column(status, Integer, nullable=False) for status in ("up", "degraded", "down", "unknown"))
    quantiles = (Column(quantile, Integer) for quantile in ("p50", "p95", "p99"))
    sums = (_int(phase) for phase in ("latency", "dns", "connect", "tls", "first_byte"))
    return Table(name, METADATA, _key(), *counts, *quantiles, *sums, Column("histogram", LargeBinary, nullable=False))


ROLLUPS = {level: _rollups(f"rollups_{level}") for level in ("minute", "hour", "day")}
# key = days since 1970 << 16 | series; milliseconds of each status.
DAYS = Table(
    "days",
    METADATA,
    _key(),
    *(_int(status) for status in ("up", "degraded", "down", "maintenance", "unknown")),
)
NOTIFICATIONS = Table(
    "notifications",
    METADATA,
    _number(),
    _text("channel"),
    _text("key"),
    _text("kind"),
    _text("title"),
    _text("body"),
    _text("monitor", null=True),
    _int("created"),
    _int("due"),
    Column("attempts", Integer, nullable=False),
    _text("batch", null=True),
    _text("holder", null=True),
    _int("leased", null=True),
    _int("sent", null=True),
    _code("dead"),
    _text("error"),
    UniqueConstraint("channel", "key", name="notifications_once"),
)
Index(
    "notifications_owed",
    NOTIFICATIONS.c.channel,
    NOTIFICATIONS.c.due,
    sqlite_where=text("sent IS NULL AND dead = 0"),
    postgresql_where=text("sent IS NULL AND dead = 0"),
)
TOLD = Table("told", METADATA, _text("monitor", primary=True), _code("status"), _int("since"))
LEASES = Table(
    "leases",
    METADATA,
    _text("name", primary=True),
    _text("holder"),
    _int("epoch"),
    _int("until"),
    _int("taken"),
)
FINDINGS = Table(
    "findings",
    METADATA,
    _number(),
    _text("monitor"),
    _text("kind"),
    _text("words"),
    _text("fix"),
    _int("first"),
    _int("last"),
    _int("closed", null=True),
)
Index(
    "findings_open",
    FINDINGS.c.monitor,
    FINDINGS.c.kind,
    unique=True,
    sqlite_where=text("closed IS NULL"),
    postgresql_where=text("closed IS NULL"),
)
CHANGES = Table(
    "changes",
    METADATA,
    _number(),
    _int("at"),
    _text("kind"),
    _text("words"),
    _text("monitor", null=True),
    Index("changes_at", "at"),
    Index("changes_monitor", "monitor", "at"),
)
PINGS = Table(
    "pings",
    METADATA,
    _text("key", primary=True),
    _text("kind", primary=True),
    _int("at"),
    _text("words"),
)
# Every restore drill with what it reached, in microseconds.
DRILLS = Table(
    "drills",
    METADATA,
    _number(),
    _text("key"),
    _int("at"),
    _text("kind"),
    _int("rpo", null=True),
    _int("rto", null=True),
    _text("words"),
    Index("drills_at", "at"),
)
# A checklist about one release, as it was judged last: later looks at the world change nothing here.
RUNS = Table(
    "runs",
    METADATA,
    _number(),
    _text("checklist"),
    _text("release"),
    _int("begun"),
    _int("at"),
    _text("state"),
    _text("words"),
    _int("waivers"),
    _text("body"),
    UniqueConstraint("checklist", "release", name="runs_of"),
    Index("runs_at", "at"),
)
WATCH = Table(
    "watch",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _text("body"),
)
NOTES = Table("notes", METADATA, _text("key", primary=True), _text("value"))
REVISION = Table(
    "revision",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _int("number"),
)
# The newest of each reading of an outside service, and the newest that measured something. Bodies are JSON.
SNAPSHOTS = Table(
    "snapshots",
    METADATA,
    _text("key", primary=True),
    _int("at"),
    _text("body"),
    _int("good_at", null=True),
    _text("good", null=True),
)
# Numbers that outside services gave, one row a reading, name and hour: the last one of the hour.
FIGURES = Table(
    "figures",
    METADATA,
    _text("name", primary=True),
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Double, nullable=False),
)
DEPLOYMENTS = Table(
    "deployments",
    METADATA,
    _text("id", primary=True),
    _int("created"),
    _text("body"),
    Index("deployments_created", "created"),
)
ISSUES = Table(
    "issues",
    METADATA,
    _text("id", primary=True),
    _int("first"),
    _int("last"),
    _text("body"),
    Index("issues_first", "first"),
)
# What browsers measured. uid is a hash; a series is name, route, device, release and source, last seen on a day.
VITALS_SERIES = Table(
    "vitals_series",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("last", BigInteger, nullable=False, server_default="0"),
    Index("vitals_series_last", "last"),
)
VITALS = Table(
    "vitals",
    METADATA,
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("series", Integer, nullable=False),
    _int("at"),
    Column("value", Double, nullable=False),
    Column("failed", SmallInteger, nullable=False, server_default="0"),
    Index("vitals_at", "at"),
)


def _vitals(name: str) -> Table:
    """key = hours or days since 1970 << 24 | series."""
    counts = (Column(rating, Integer, nullable=False) for rating in ("good", "needs", "poor"))
    return Table(name, METADATA, _key(), *counts, Column("histogram", LargeBinary, nullable=False))


VITALS_ROLLUPS = {level: _vitals(f"vitals_{level}") for level in ("hour", "day")}
# Who decided what: a chain in which each row is sealed together with the seal before it. Rows are never changed.
AUDIT = Table(
    "audit",
    METADATA,
    Column("seq", NUMBER, primary_key=True, autoincrement=False),
    _int("at"),
    _text("actor"),
    _text("role"),
    _text("action"),
    _text("subject"),
    _text("detail"),
    _text("seal"),
    Index("audit_at", "at"),
    Index("audit_subject", "subject", "seq"),
)
# The names behind the pseudonyms; erasing one leaves the chain as it is.
PEOPLE = Table("people", METADATA, _text("actor", primary=True), _text("name"), _int("since"))
# What came in by signed webhooks: each event once.
HOOKS = Table(
    "hooks",
    METADATA,
    _number(),
    Column("event", Text, nullable=False, unique=True),
    _text("kind"),
    _int("at"),
    _text("subject"),
)
