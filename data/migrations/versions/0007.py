"""The audit trail lets no row be changed or deleted, except where the program says so in the same transaction."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WORDS = "the audit trail is append only"
SAME = "SELECT 1 FROM audit WHERE seq = NEW.seq"
OPEN = "SELECT 1 FROM notes WHERE key = 'audit open'"
SQLITE = (
    f"CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{WORDS}'); END",
    f"CREATE TRIGGER audit_delete BEFORE DELETE ON audit WHEN NOT EXISTS ({OPEN}) "
    f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END",
    f"CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN EXISTS ({SAME}) "
    f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END",
)
POSTGRES = (
    f"""CREATE FUNCTION audit_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' AND EXISTS ({OPEN}) THEN RETURN OLD; END IF;
    RAISE EXCEPTION '{WORDS}';
END $$""",
    "CREATE TRIGGER audit_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_fixed()",
    "CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_fixed()",
)


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.execute(statement)
