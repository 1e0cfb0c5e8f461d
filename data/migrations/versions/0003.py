"""What browsers measured: single values, and their sums by hour and day."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "vitals_series", sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False, unique=True),
    )  # fmt: skip
    op.create_table(
        "vitals", sa.Column("uid", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("series", sa.Integer, nullable=False), sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
    )  # fmt: skip
    op.create_index("vitals_at", "vitals", ["at"])
    for level in ("hour", "day"):
        counts = [sa.Column(rating, sa.Integer, nullable=False) for rating in ("good", "needs", "poor")]
        op.create_table(
            f"vitals_{level}", sa.Column("key", NUMBER, primary_key=True, autoincrement=False), *counts,
            sa.Column("histogram", sa.LargeBinary, nullable=False),
        )  # fmt: skip
