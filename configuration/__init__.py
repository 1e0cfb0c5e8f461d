"""How wardround.toml is read: its tables, its ${NAMES}, its mistakes in one line, its schema for editors."""
