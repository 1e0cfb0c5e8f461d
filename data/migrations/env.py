"""Runs migrations over the connection that data.schema hands in; there is no alembic.ini."""

from alembic import context

from data.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # SQLite can, Alembic only does not believe it
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
