"""Writes the tables of README.md: between `<!-- name -->` and `<!-- /name -->` stands what a function here says."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

import registry  # noqa: E402 - the path must be known first

BLOCK = re.compile(r"(<!-- (?P<name>[a-z]+) -->\n).*?(<!-- /(?P=name) -->)", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *(list(row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def first_line(path: Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.splitlines()[0] if text else ""


def checks() -> str:
    return table(
        ["check", "what it does"],
        [(f"`{n}`", first_line(HOME / "checks" / f"{n}.py")) for n in registry.names("checks")],
    )


def integrations() -> str:
    return table(
        ["table", "what is read"],
        [(f"`[{n}]`", first_line(HOME / "integrations" / f"{n}.py")) for n in registry.names("integrations")],
    )


def pages() -> str:
    from ui import nav

    found = ((f"**{p.title}**", "`/`" if p.default else f"`/{p.slug}`", p.words) for p in nav.entries())
    return table(["page", "address", "for"], found)


def routes() -> str:
    return table(
        ["door", "what goes through it"],
        [(f"`routes/{n}.py`", first_line(HOME / "routes" / f"{n}.py")) for n in registry.names("routes")],
    )


def commands() -> str:
    import wardround

    groups = {"": wardround.app, "config ": wardround.config_app}
    found = [
        (f"{group}{command.name or command.callback.__name__}", command.callback.__doc__ or "")
        for group, app in groups.items()
        for command in app.registered_commands
        if command.callback is not None
    ]
    return table(["python wardround.py", "what it does"], [(f"`{name}`", said.splitlines()[0]) for name, said in found])


def figures() -> str:
    kept = json.loads((HOME / "bench" / "results.json").read_text(encoding="utf-8"))
    rows = (
        (f"`bench/{name.split(': ')[0]}`", name.split(": ", 1)[1], row["measured"], row["ratio"], row["bar"])
        for name, row in kept.items()
    )
    machines = sorted({f"{row['machine']} ({row['day']})" for row in kept.values()})
    return (
        table(["script", "what", "measured", "beside, in the same run", "bar"], rows)
        + f"\nTaken on {'; '.join(machines)}.\n"
    )


TABLES: dict[str, Callable[[], str]] = {
    "checks": checks,
    "integrations": integrations,
    "pages": pages,
    "routes": routes,
    "commands": commands,
    "figures": figures,
}


def written(text: str) -> str:
    """The README with every block written anew."""
    return BLOCK.sub(lambda match: f"{match[1]}{TABLES[match['name']]()}{match[3]}", text)


if __name__ == "__main__":
    readme = HOME / "README.md"
    readme.write_text(written(readme.read_text(encoding="utf-8")), encoding="utf-8")
