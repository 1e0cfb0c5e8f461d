"""The audit trail: sealed rows that nothing may change, and the names beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXTS = ("actor", "role", "action", "subject", "detail", "seal")


def upgrade() -> None:
    op.create_table(
        "audit", sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False), *(sa.Column(name, sa.Text, nullable=False) for name in TEXTS),
    )  # fmt: skip
    op.create_index("audit_at", "audit", ["at"])
    op.create_index("audit_subject", "audit", ["subject", "seq"])
    op.create_table(
        "people", sa.Column("actor", sa.Text, primary_key=True), sa.Column("name", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )  # fmt: skip
