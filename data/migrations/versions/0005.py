"""Restore drills with what they reached, and the runs of checklists as they were judged."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "drills", sa.Column("id", NUMBER, primary_key=True), sa.Column("key", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False), sa.Column("kind", sa.Text, nullable=False),
        sa.Column("rpo", sa.BigInteger, nullable=True), sa.Column("rto", sa.BigInteger, nullable=True),
        sa.Column("words", sa.Text, nullable=False),
    )  # fmt: skip
    op.create_index("drills_at", "drills", ["at"])
    op.create_table(
        "runs", sa.Column("id", NUMBER, primary_key=True), sa.Column("checklist", sa.Text, nullable=False),
        sa.Column("release", sa.Text, nullable=False), sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False), sa.Column("state", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False), sa.Column("waivers", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False), sa.UniqueConstraint("checklist", "release", name="runs_of"),
    )  # fmt: skip
    op.create_index("runs_at", "runs", ["at"])
