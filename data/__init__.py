"""The only place that speaks SQL: one module a noun, plain functions over a connection, SQLite and Postgres alike."""
