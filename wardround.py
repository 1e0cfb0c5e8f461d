"""The command line: check, poll, config, backup, restore, export, demo. One line for every mistake of a user."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from data.store import Engine
    from model import Monitor, Result, Verdict
    from settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Wardround watches a production web platform.")
config_app = typer.Typer(no_args_is_help=True, help="Look at the configuration.")
app.add_typer(config_app, name="config")
audit_app = typer.Typer(no_args_is_help=True, help="The trail of what people decided.")
app.add_typer(audit_app, name="audit")

T = TypeVar("T")
HOME = Path(__file__).resolve().parent
Config = Annotated[Path | None, typer.Option("--config", help="Another file than wardround.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]


class Mistake(Exception):
    """Something the user can mend: one line, no traceback. ``code`` is the exit code."""

    def __init__(self, words: str, code: int = 1) -> None:
        super().__init__(words)
        self.code = code


def _settings(path: Path | None) -> Settings:
    import settings

    try:
        return settings.current() if path is None else settings.use(path)
    except settings.ConfigError as error:
        raise Mistake(str(error), 2) from None


def _said(as_json: bool, value: Any, words: str) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, default=str) if as_json else words)


@app.command()
def check(config: Config = None, as_json: Json = False) -> None:
    """Probe every monitor once; exit 0 when all are up, 1 otherwise, 2 for a configuration error."""
    known = _settings(config)
    monitors = [monitor for monitor in known.monitors if not monitor.paused]
    results = asyncio.run(_checked(known, monitors))
    if as_json:
        pairs = zip(monitors, results, strict=True)
        print(json.dumps([{"monitor": m.key, **asdict(r)} for m, r in pairs], ensure_ascii=False, indent=1))
    else:
        _table(monitors, results)
    raise typer.Exit(0 if all(result.status == "up" for result in results) else 1)


async def _checked(known: Settings, monitors: Sequence[Monitor]) -> list[Result]:
    import checks
    import settings
    from data import pings, store
    from model import Ping
    from rules.status import graded

    async def pushed(key: str) -> dict[str, Ping]:
        """What a running poller's store knows of pushes; nothing when there is no store yet."""
        if engine is None:
            return {}
        with store.reading(engine) as c:
            return pings.latest(c, key)

    engine = _stored(lambda: _there(known.store.url))
    async with checks.open_tools(
        networks=known.watch.networks, pings=pushed, environment=settings.environment
    ) as tools:
        found = await asyncio.gather(*(checks.run(monitor, tools) for monitor in monitors))
    return [graded(result, monitor.slow) for monitor, result in zip(monitors, found, strict=True)]


def _there(url: str) -> Engine | None:
    """The store for reading; None when there is none yet."""
    from data import store

    try:
        return store.open(url, create=False, readonly=True, check=False)
    except store.Missing:
        return None


def _table(monitors: Sequence[Monitor], results: Sequence[Result]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    import words

    colours = {"up": "green", "degraded": "yellow", "down": "red", "unknown": "bright_black", "maintenance": "blue"}
    table = Table("monitor", "check", "state", "latency", "words")
    for monitor, result in zip(monitors, results, strict=True):
        state = Text(words.STATUS_WORD[result.status], style=colours[result.status])
        latency = words.ms(result.latency) if result.latency is not None else ""
        table.add_row(Text(monitor.name), monitor.check, state, latency, Text(result.words))
    Console().print(table)


@app.command()
def poll(
    config: Config = None,
    child: Annotated[bool, typer.Option("--child", help="End when the process that started this one ends.")] = False,
) -> None:
    """Run the poller alone, for example on a second machine beside one Postgres."""
    import logging

    import poller
    from data import store

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    known = _settings(config)
    try:
        raise typer.Exit(poller.main(known, str(known.path), child))
    except store.StoreError as error:
        raise Mistake(str(error).partition("\n")[0]) from None


@config_app.command("check")
def config_check(config: Config = None, as_json: Json = False) -> None:
    """Say whether the configuration is right; exit 2 and one line when it is not."""
    known = _settings(config)
    import settings
    import words

    monitors, channels, advice = len(known.monitors), len(known.channels), settings.advice(known)
    value = {"ok": True, "file": str(known.path), "monitors": monitors, "channels": channels, "advice": advice}
    counts = f"{words.count(monitors, 'monitor')}, {words.count(channels, 'channel')}"
    _said(as_json, value, "\n".join((f"{known.path}: fine ({counts})", *advice)))


@config_app.command("schema")
def config_schema() -> None:
    """Print a JSON Schema of wardround.toml, for editors."""
    import settings

    print(json.dumps(settings.schema(), ensure_ascii=False, indent=1))


@app.command()
def backup(file: Path, config: Config = None, force: Force = False, as_json: Json = False) -> None:
    """Copy the store while it is in use, and prove the copy by opening and counting it."""
    from data import copies

    known = _settings(config)
    _free(file, force)
    counts = _stored(lambda: copies.backup(known.store.url, file))
    total = sum(counts.values())
    _said(
        as_json,
        {"file": str(file), "rows": counts},
        f"{file}: {total} rows in {len(counts)} tables, opened and counted",
    )


@app.command()
def restore(file: Path, config: Config = None, force: Force = False, as_json: Json = False) -> None:
    """Put a backup in the place of the store; an existing history is replaced only with --force."""
    from data import copies

    known = _settings(config)
    if not file.is_file():
        raise Mistake(f"{file}: there is no such file")
    counts = _stored(lambda: copies.restore(file, known.store.url, force))
    _said(as_json, {"file": str(file), "rows": counts}, f"{file}: restored {sum(counts.values())} rows")


@app.command()
def export(
    file: Path,
    table: Annotated[str, typer.Option(help="samples, intervals, flips, rollups, days or changes.")] = "samples",
    config: Config = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write one table as CSV or Parquet, by the ending of FILE."""
    from rich.progress import Progress

    from data import exports

    known = _settings(config)
    _free(file, force)
    if table not in exports.TABLES:
        raise Mistake(f"there is no table {table}; there are {', '.join(exports.TABLES)}")
    if file.suffix not in (".csv", ".parquet"):
        raise Mistake(f"{file}: expected a name that ends in .csv or .parquet")
    with Progress(transient=True, disable=as_json) as progress:
        task = progress.add_task(f"{table} to {file.name}", total=1.0)
        count = _stored(lambda: _exported(known, table, file, lambda _, share: progress.update(task, completed=share)))
    _said(as_json, {"file": str(file), "rows": count}, f"{file}: {count} rows")


def _exported(known: Settings, table: str, file: Path, progress: Callable[[int, float], None]) -> int:
    """Under another name until it is whole: a file that has its name has every row."""
    part = file.with_name(f"{file.name}.part")
    try:
        count = _written(known, table, part, file.suffix, progress)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return count


def _written(known: Settings, table: str, file: Path, kind: str, progress: Callable[[int, float], None]) -> int:
    from datetime import UTC, datetime, timedelta

    from data import exports, store

    end = datetime.now(UTC)
    start = end - timedelta(days=known.store.raw_days if table == "samples" else known.store.history_days)
    engine = store.open(known.store.url, create=False, readonly=True, check=False)
    try:
        if kind == ".parquet":
            return exports.write_parquet(engine, table, start, end, file, progress)
        with file.open("w", newline="", encoding="utf-8") as out:
            return exports.write_csv(engine, table, start, end, out, progress)
    finally:
        engine.dispose()


@app.command("gate")
def gate_command(
    name: str,
    release: Annotated[str, typer.Option(help="The commit that is judged; left out: the newest deployment's.")] = "",
    wait: Annotated[str, typer.Option(help="How long to wait for a go, such as 10m.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Say whether it may be released, with the evidence; exit 0 go, 1 no-go, 2 asked wrongly, 3 unsure or no store."""
    import time

    import gate
    from duration import parse

    known = _settings(config)
    if gate.of(known, name) is None:
        there = ", ".join(each.key for each in known.checklists) or "none yet"
        raise Mistake(f"there is no checklist {name}; there are {there}", 2)
    if release and not gate.SHAPE.fullmatch(release):
        raise Mistake(f"--release: expected letters, digits, . _ and -, at most 64, got {release[:64]!r}", 2)
    try:
        until = time.monotonic() + (parse(wait) if wait else 0.0)
    except ValueError:
        raise Mistake(f"--wait: expected a duration such as 10m, got {wait!r}", 2) from None
    while True:
        verdict = _stored(lambda: _judged(known, name, release), code=3)
        if verdict.state == "go" or time.monotonic() >= until:
            break
        time.sleep(min(5.0, max(0.1, until - time.monotonic())))
    if as_json:
        print(json.dumps(asdict(verdict), ensure_ascii=False, indent=1, default=str))
    else:
        _ruled(verdict)
    raise typer.Exit({"go": 0, "no-go": 1}.get(verdict.state, 3))


def _judged(known: Settings, name: str, release: str) -> Verdict:
    from datetime import UTC, datetime

    import gate
    from data import store

    checklist = gate.of(known, name)
    assert checklist is not None
    engine = store.open(known.store.url, create=False, readonly=True, check=False)
    try:
        with store.reading(engine) as c:
            now = datetime.now(UTC)
            verdict, _ = gate.answer(c, known, checklist, release, now)
            unknown = checklist.per_release and gate.news(c, release, now)
    finally:
        engine.dispose()
    if unknown:
        _asked(known, release, now)
    return verdict


def _asked(known: Settings, release: str, now: datetime) -> None:
    """Offers a release that no deployment has yet to those who sign; it never stands in the verdict's way."""
    import contextlib

    import gate
    from data import revision, store

    with contextlib.suppress(store.StoreError, OSError):
        engine = store.open(known.store.url, create=False, check=False)
        try:
            with store.writing(engine) as c:
                gate.ask(c, release, now)
                revision.bump(c)
        finally:
            engine.dispose()


def _ruled(verdict: Verdict) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("", "Item", "Seen", "Owner")
    signs = {"pass": "✓", "waived": "~", "fail": "✗"}
    for each in verdict.rulings:
        kind = "" if each.item.blocking else " (advice)"
        table.add_row(
            signs.get(each.state, "?"),
            Text(each.item.title + kind),
            Text(f"{each.state}: {each.words}"),
            Text(each.item.owner),
        )
    console = Console(soft_wrap=False)
    console.print(table)
    console.print(Text(f"{verdict.checklist} {verdict.release[:12]}: {verdict.words}"))


@audit_app.command("verify")
def audit_verify(
    anchor: Annotated[list[str] | None, typer.Option(help="A head written down elsewhere, as NUMBER:SEAL.")] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Read the whole audit trail, and say where it was tampered with; prints the head, to write down elsewhere."""
    from data import audit, store

    known = _settings(config)
    key = _audit_key(known)
    anchors = [_anchor(each) for each in anchor or ()]
    engine = _stored(lambda: store.open(known.store.url, create=False, readonly=True, check=False))
    with store.reading(engine) as c:
        broken, head, many = audit.verify(c, key, anchors, known.server.older_keys), audit.head(c), audit.count(c)
        base, older = audit.base(c), audit.older(c, anchors)
    engine.dispose()
    value = {
        "whole": broken is None,
        "acts": many,
        "head": f"{head[0]}:{head[1]}",
        "base": f"{base[0]}:{base[1]}" if base else None,
        "deleted_to": base[2] if base else None,
        "older": older,
        "words": broken.words if broken else "",
    }
    lines = [f"broken: {broken.words}" if broken else f"{many} acts, whole; head {head[0]}:{head[1]}"]
    if base:
        lines.append(f"base {base[0]}:{base[1]}: what was written up to {base[2]} was deleted in its time")
    lines += [f"anchor {number} is older than what is kept: it was not compared" for number in older]
    _said(as_json, value, "\n".join(lines))
    raise typer.Exit(1 if broken else 0)


@audit_app.command("erase")
def audit_erase(name: str, config: Config = None, as_json: Json = False) -> None:
    """Forget the name of a person; what was signed stays, under the pseudonym. Exit 1 when no such name was known."""
    from data import audit, revision, store

    known = _settings(config)
    _audit_key(known)
    typed = audit.pseudonym(name, known.server.naming_key)
    engine = _stored(lambda: store.open(known.store.url, create=False, check=False))
    with store.writing(engine) as c:
        same = [actor for actor, said in audit.names(c).items() if said.casefold() == name.strip().casefold()]
        erased = sum(audit.erase(c, actor) for actor in {typed, *same}) > 0  # typed, or of somebody who signed in
        revision.bump(c)  # open pages show the name no longer
    engine.dispose()
    words = "the name is forgotten; what was signed stays in the trail" if erased else "no such name was known"
    _said(as_json, {"erased": erased, "words": words}, words)
    raise typer.Exit(0 if erased else 1)


def _audit_key(known: Settings) -> bytes:
    if known.server.audit_key is None:
        raise Mistake("[server] audit_key is not set: the audit trail needs it")
    return known.server.audit_key.reveal().encode()


def _anchor(text: str) -> tuple[int, str]:
    number, _, seal = text.partition(":")
    if not number.isdecimal() or not seal:
        raise Mistake(f"--anchor: expected NUMBER:SEAL, got {text[:40]!r}")
    return int(number), seal


@app.command("demo")
def play() -> None:
    """Run the demo's platform alone, in the foreground."""
    import demo

    demo.main(HOME / "var")


def _free(file: Path, force: bool) -> None:
    if file.exists() and not force:
        raise Mistake(f"{file}: exists already; --force overwrites it")
    if not file.parent.is_dir():
        raise Mistake(f"{file.parent}: there is no such folder")


def _stored(work: Callable[[], T], code: int = 1) -> T:
    from data import store

    try:
        return work()
    except (store.StoreError, OSError, ValueError) as error:
        raise Mistake(str(error).partition("\n")[0], code) from None  # a driver adds lines of its own


def run() -> None:
    """The program: exit codes as they are, a mistake in one line."""
    try:
        app()
    except Mistake as mistake:
        sys.stderr.write(f"{mistake}\n")
        raise SystemExit(mistake.code) from None
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        raise SystemExit(1) from None


if __name__ == "__main__":
    run()
