"""What the documentation shows is what the tests run in a browser."""

from __future__ import annotations

from pathlib import Path

from ui import snippets

DOC = Path(__file__).resolve().parents[2] / "docs" / "vitals.md"


def test_the_documentation_shows_the_lines_for_a_table() -> None:
    lines = snippets.supabase("https://<project>.supabase.co", "<publishable key>")

    assert f"```js\n{lines}```" in DOC.read_text(encoding="utf-8")
