"""Of each measurement whether it failed, and of each series of measurements the day it was last seen."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LAST = """
UPDATE vitals_series SET last = seen.day
FROM (SELECT key & 16777215 AS id, MAX(key >> 24) AS day FROM vitals_day GROUP BY key & 16777215) AS seen
WHERE seen.id = vitals_series.id
"""


def upgrade() -> None:
    op.add_column("vitals", sa.Column("failed", sa.SmallInteger, nullable=False, server_default="0"))
    op.add_column("vitals_series", sa.Column("last", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("vitals_series_last", "vitals_series", ["last"])
    op.execute(LAST)
