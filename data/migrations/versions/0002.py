"""What outside services say: snapshots, figures, deployments, issues, and the events they send."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def words(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key)


def big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "snapshots", words("key", primary_key=True), big("at"), words("body"),
        big("good_at", nullable=True), words("good", nullable=True),
    )  # fmt: skip
    op.create_table(
        "figures", words("name", primary_key=True),
        sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("value", sa.Double, nullable=False),
    )  # fmt: skip
    op.create_table("deployments", words("id", primary_key=True), big("created"), words("body"))
    op.create_index("deployments_created", "deployments", ["created"])
    op.create_table("issues", words("id", primary_key=True), big("first"), big("last"), words("body"))
    op.create_index("issues_first", "issues", ["first"])
    op.create_table(
        "hooks", sa.Column("id", NUMBER, primary_key=True), sa.Column("event", sa.Text, nullable=False, unique=True),
        words("kind"), big("at"), words("subject"),
    )  # fmt: skip
