"""The house holds: who may import whom, what only one room may do, and where the entry script lies."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]

# room -> the rooms of ours it may import from; every room may import from itself
MAY_IMPORT = {
    "model": set(),
    "registry": set(),
    "duration": set(),
    "words": {"model"},
    "cleaning": {"words"},
    "rules": {"model", "words"},
    "data": {"model"},
    "checks": {"model", "words", "registry", "duration", "cleaning"},
    "integrations": {"model", "words", "registry", "duration", "cleaning"},
    "notify": {"model", "words", "registry"},
    "configuration": {"model", "registry", "duration"},  # how settings.py reads its file
    "settings": {"model", "registry", "duration", "configuration"},
    "poller": {
        "model",
        "words",
        "rules",
        "data",
        "settings",
        "checks",
        "integrations",
        "notify",
        "registry",
        "reporting",
        "gate",
        "verdicts",
    },
    "routes": {"model", "rules", "data", "settings", "words", "registry", "gate", "duration"},
    "ui": {"model", "words", "rules", "data", "settings", "gate", "verdicts"},
    "pages": {"model", "words", "ui"},
    "demo": {"model", "words", "rules", "data", "settings", "checks"},
    "reporting": set(),  # our own errors; knows nothing of what they are about
    "gate": {"model", "rules", "data", "settings"},  # what the gate asks of the store; the rules decide
    "verdicts": {"model", "rules", "data", "settings", "gate"},  # what is written when a verdict turns
    "child": set(),  # keeps the poller alive; knows nothing of it
    "app": {"child", "reporting", "routes", "settings", "demo", "registry"},
    "wardround": {"model", "poller", "rules", "settings", "demo", "words", "data", "checks", "gate", "duration"},
}

# who may import these packages at all
ONLY_IN = {
    "streamlit": {"app", "ui", "pages"},
    "sqlalchemy": {"data"},
    "alembic": {"data"},
    "pysqlite3": {"data"},
    "psycopg": {"data"},
    "starlette": {"routes", "app"},
    "plotly": {"ui"},
    "pandas": {"ui", "pages"},
    "typer": {"wardround"},
    "apprise": {"notify"},
    "httpx": {"checks", "integrations", "poller", "notify"},
    "supabase": {"integrations"},
    "sentry_sdk": {"reporting"},
}

FORBIDDEN_KEYWORDS = {
    "unsafe_allow_html": "untrusted text could become markup",
    "unsafe_allow_javascript": "untrusted text could become script",
}


@cache
def sources() -> tuple[Path, ...]:
    skipped = {"tests", "bench", "docs", "var", "node_modules"}
    folders = (each for each in HOME.iterdir() if each.is_dir() and each.name not in skipped)
    inside = (path for each in folders if not each.name.startswith(".") for path in each.rglob("*.py"))
    return tuple(sorted(path.relative_to(HOME) for path in (*HOME.glob("*.py"), *inside)))


def room(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse((HOME / path).read_text(encoding="utf-8"), str(path))))


@cache
def imported(path: Path) -> frozenset[str]:
    """The first names of what a file imports."""
    whole = [alias.name for node in nodes(path) if isinstance(node, ast.Import) for alias in node.names]
    parts = [node.module for node in nodes(path) if isinstance(node, ast.ImportFrom) and not node.level and node.module]
    return frozenset(name.split(".")[0] for name in (*whole, *parts))


@cache
def rooms() -> frozenset[str]:
    return frozenset(room(path) for path in sources())


def wrong(looks: Callable[[Path], Collection[str]], where: Iterable[Path] | None = None) -> dict[str, list[str]]:
    """What a look at each file finds, by the file; files without fault are left out."""
    found = {str(path): sorted(looks(path)) for path in (sources() if where is None else where)}
    return {path: faults for path, faults in found.items() if faults}


def test_every_room_has_its_place_in_the_table() -> None:
    assert rooms() - set(MAY_IMPORT) == set()
    assert len(sources()) > 200


def test_imports_point_down() -> None:
    assert wrong(lambda path: (imported(path) & rooms()) - MAY_IMPORT[room(path)] - {room(path)}) == {}


def test_a_package_stays_in_its_rooms() -> None:
    def strays(path: Path) -> list[str]:
        return [name for name in imported(path) if room(path) not in ONLY_IN.get(name, {room(path)})]

    assert wrong(strays) == {}


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in nodes(path) if isinstance(node, ast.Call))


def attributes(path: Path) -> Iterator[str]:
    return (ast.unparse(node) for node in nodes(path) if isinstance(node, ast.Attribute))


def test_only_settings_reads_the_environment() -> None:
    def reads(path: Path) -> list[str]:
        return [name for name in attributes(path) if name.startswith(("os.environ", "os.getenv"))]

    assert set(wrong(reads)) == {"settings.py"}


def test_rules_have_no_clock_and_no_io() -> None:
    modules = {"time", "os", "io", "socket", "logging", "pathlib", "asyncio", "random", "subprocess", "threading"}
    clocks = ("datetime.now", "datetime.utcnow", "date.today", "open(")

    def outside(path: Path) -> list[str]:
        asked = [name for name in map(ast.unparse, calls(path)) if name.startswith(clocks)]
        return [*(imported(path) & modules), *asked]

    rules = [path for path in sources() if room(path) == "rules"]
    assert len(rules) > 10
    assert wrong(outside, rules) == {}


def test_nothing_dangerous_is_switched_on() -> None:
    dangerous = {("verify", "False"), ("follow_redirects", "True"), ("shell", "True")}

    def switched(path: Path) -> Iterator[str]:
        for keyword in (keyword for call in calls(path) for keyword in call.keywords):
            value = ast.unparse(keyword.value)
            if (keyword.arg, value) in dangerous or (keyword.arg in FORBIDDEN_KEYWORDS and value != "False"):
                yield f"{keyword.arg}={value}: {FORBIDDEN_KEYWORDS.get(str(keyword.arg), 'never')}"

    assert wrong(lambda path: list(switched(path))) == {}


def test_the_entry_script_does_not_lie_beside_pages() -> None:
    frame = HOME / "ui" / "frame.py"
    assert frame.exists()
    assert not (frame.parent / "pages").exists(), "a deep link would then show the bare page without the frame"


def test_the_required_places_exist() -> None:
    wanted = ["app.py", "pages", "checks", "data", "requirements.txt", "tests", ".streamlit"]
    assert [name for name in wanted if not (HOME / name).exists()] == []


def test_every_benchmark_finds_the_house_from_wherever_it_is_started() -> None:
    """What it imports first of the project is ``_report``, which says where the rest lies."""
    found = {}
    for path in sorted((HOME / "bench").glob("[!_]*.py")):
        read = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
        names = [str(node.module).split(".")[0] for node in read]
        found[path.name] = [name for name in names if name == "_report" or name in rooms()][:1]
    assert len(found) > 10
    assert {name: first for name, first in found.items() if first != ["_report"]} == {}
    subprocess.run([sys.executable, "-c", "import _report, model"], cwd=HOME / "bench", check=True, timeout=60)


def test_names_say_what_a_thing_is_about() -> None:
    banned = {"util", "utils", "helper", "helpers", "manager", "service", "services", "handler", "handlers", "common"}
    addresses = {Path("pages/services.py")}  # a page's file is its address: people call the outside services so
    named = [path for path in sources() if banned & set(path.stem.strip("_").split("_"))]
    assert set(named) == addresses


def test_no_module_shadows_the_standard_library() -> None:
    flat = {room(path) for path in sources()} | {path.parts[0] for path in sources() if len(path.parts) > 1}
    assert flat & set(sys.stdlib_module_names) == set()


def test_the_readme_draws_this_very_house() -> None:
    drawn = {}
    for line in (HOME / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].strip("`").rstrip("/").removesuffix(".py") in MAY_IMPORT:
            rooms = set() if cells[2] == "nothing" else set(cells[2].split(", "))
            drawn[cells[0].strip("`").rstrip("/").removesuffix(".py")] = rooms
    assert drawn == MAY_IMPORT
