"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def number() -> sa.Column[int]:
    return sa.Column("id", NUMBER, primary_key=True)


def key() -> sa.Column[int]:
    return sa.Column("key", NUMBER, primary_key=True, autoincrement=False)


def owner(name: str = "series") -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def code(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger, nullable=False)


def words(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key)


def blob(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def measured() -> None:
    phases = ("latency", "dns", "connect", "tls", "first_byte", "total")
    op.create_table("series", owner("id"), sa.Column("key", sa.Text, nullable=False, unique=True), big("created"))
    columns = (whole(name, nullable=True) for name in phases)
    op.create_table("samples", key(), code("status"), *columns, words("words", nullable=True))
    op.create_table("chunks", key(), blob("body"))
    for level in ("minute", "hour", "day"):
        counts = (whole(name) for name in ("up", "degraded", "down", "unknown"))
        quantiles = (whole(name, nullable=True) for name in ("p50", "p95", "p99"))
        sums = (big(name) for name in phases[:-1])
        op.create_table(f"rollups_{level}", key(), *counts, *quantiles, *sums, blob("histogram"))
    op.create_table("days", key(), *(big(name) for name in ("up", "degraded", "down", "maintenance", "unknown")))


def decided() -> None:
    op.create_table(
        "standings", owner(), code("status"), big("since"), big("seen", nullable=True), words("words"),
        words("doubts"), big("latency", nullable=True), words("blind"),
    )  # fmt: skip
    op.create_table(
        "intervals", number(), whole("series"), code("status"), big("start_at"), big("end_at"), words("words")
    )
    op.create_index("intervals_end_at", "intervals", ["end_at"])
    op.create_index("intervals_series", "intervals", ["series", "end_at"])
    op.create_table(
        "flips", number(), whole("series"), code("before"), code("after"), big("at"), big("seen"), words("words")
    )
    op.create_index("flips_at", "flips", ["at"])
    op.create_index("flips_series", "flips", ["series", "at"])
    op.create_table("told", words("monitor", primary_key=True), code("status"), big("since"))


def owed() -> None:
    op.create_table(
        "notifications", number(), *(words(name) for name in ("channel", "key", "kind", "title", "body")),
        words("monitor", nullable=True), big("created"), big("due"), whole("attempts"), words("batch", nullable=True),
        words("holder", nullable=True), big("leased", nullable=True), big("sent", nullable=True), code("dead"),
        words("error"), sa.UniqueConstraint("channel", "key", name="notifications_once"),
    )  # fmt: skip
    partial("notifications_owed", "notifications", ["channel", "due"], "sent IS NULL AND dead = 0")


def partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)


def seen() -> None:
    op.create_table("results", words("monitor", primary_key=True), big("at"), words("body"))
    op.create_table(
        "findings", number(), *(words(name) for name in ("monitor", "kind", "words", "fix")),
        big("first"), big("last"), big("closed", nullable=True),
    )  # fmt: skip
    partial("findings_open", "findings", ["monitor", "kind"], "closed IS NULL", unique=True)
    op.create_table("changes", number(), big("at"), words("kind"), words("words"), words("monitor", nullable=True))
    op.create_index("changes_at", "changes", ["at"])
    op.create_index("changes_monitor", "changes", ["monitor", "at"])
    op.create_table("pings", words("key", primary_key=True), words("kind", primary_key=True), big("at"), words("words"))


def ourselves() -> None:
    op.create_table(
        "leases", words("name", primary_key=True), words("holder"), big("epoch"), big("until"), big("taken")
    )
    op.create_table("watch", owner("id"), words("body"))
    op.create_table("notes", words("key", primary_key=True), words("value"))
    revision_table = op.create_table("revision", owner("id"), big("number"))
    op.bulk_insert(revision_table, [{"id": 1, "number": 0}])


def upgrade() -> None:
    measured()
    decided()
    owed()
    seen()
    ourselves()
