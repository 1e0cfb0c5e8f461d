"""The configuration that watches the demo, written as anybody would write theirs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo import beacons, crux, past, posture, sentry, ships, stripe, supabase, vercel
from demo.cast import TOKEN, Player, players
from demo.outside import VENDORS
from demo.schedule import Schedule
from demo.server import CALLED, HOST, Ports

ZONE, CHANNEL = "Europe/Berlin", "oncall"
PORTS = "demo/ports.json"
NAME = "TCM Prescription Platform"


def cast(ports: Ports, var: Path) -> tuple[Player, ...]:
    """Who plays, at these ports."""
    authority = str(var / "demo" / "ca.pem")
    return players(
        f"http://{HOST}:{ports.http}",
        ports.tls,
        ports.database,
        ports.names,
        authority,
        str(var.absolute() / posture.DUMPS),
    )


def ports(var: Path) -> Ports | None:
    """The ports of the last start in this folder, so that a restart changes no address."""
    try:
        return Ports(**json.loads((var / PORTS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def text(schedule: Schedule, ports: Ports, var: Path) -> str:
    """The whole file."""
    watch = {"networks": ["127.0.0.0/8"], "connectivity": [f"{HOST}:{ports.http}"]}
    tables = [
        _table("[site]", {"name": NAME, "url": f"http://{HOST}:{ports.http}/", "timezone": ZONE, "demo": True}),
        _table("[store]", {"url": f"sqlite:///{var / 'demo.db'}"}),
        _table("[watch]", watch),
        _table("[server]", {"audit_key": TOKEN, "metrics_token": TOKEN}),
        _table("[[channel]]", {"key": CHANNEL, "url": f"json://{HOST}:{ports.http}{CALLED}"}),
        *_maintenance(schedule.opened),
        *(
            _table(f"[vendors.pages.{name}]", {"url": f"http://{HOST}:{ports.http}{path}", "pin": list(pin)})
            for name, (path, pin) in VENDORS.items()
        ),
        *(_table(f"[{name}]", values) for name, values in _services(f"http://{HOST}:{ports.http}")),
        *(_table("[[monitor]]", _monitor(player)) for player in cast(ports, var)),
    ]
    tables.append((Path(__file__).with_name("lists.toml")).read_text(encoding="utf-8"))
    return "# Written by the demo at every start; changes here are lost.\n\n" + "\n".join(tables)


def _services(http: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield (
        "sentry",
        {"base": http + sentry.PREFIX, "token": sentry.TOKEN, "org": sentry.ORG, "environments": ["production"]},
    )
    yield "vercel", {"base": http + vercel.PREFIX, "token": vercel.TOKEN, "team": vercel.TEAM, "project": ships.PROJECT}
    keys = {"anon_key": supabase.ANON, "service_key": supabase.SERVICE, "token": supabase.TOKEN}
    base = http + supabase.PREFIX
    yield (
        "supabase",
        {
            "ref": supabase.REF,
            "url": base,
            "base": base,
            **keys,
            "functions": ["health"],
            "vitals_table": beacons.TABLE,
        },
    )
    yield "crux", {"base": http + crux.PREFIX, "api_key": crux.KEY, "origin": crux.ORIGIN}
    yield "stripe", {"base": http + stripe.PREFIX, "api_key": stripe.KEY, "environment": "test"}


def write(schedule: Schedule, ports: Ports, var: Path) -> Path:
    """Writes var/demo.toml in one step and gives its path."""
    path = var / "demo.toml"
    fresh = path.with_suffix(".new")
    (var / PORTS).write_text(json.dumps(asdict(ports)), encoding="utf-8")
    fresh.write_text(text(schedule, ports, var), encoding="utf-8")
    return fresh.replace(path)


def _maintenance(opened: datetime) -> Iterator[str]:
    for each in past.maintenance(opened):
        window = {"title": each.title, "start": _stamp(each.start), "end": _stamp(each.end)}
        yield _table("[[maintenance]]", window | {"monitors": list(each.monitors)})


class _Raw(str):
    """Text that is TOML already."""

    __slots__ = ()


def _stamp(at: datetime) -> _Raw:
    return _Raw(at.astimezone(UTC).isoformat(timespec="seconds"))


def _monitor(player: Player) -> dict[str, Any]:
    first = {"key": player.key, "name": player.name, "check": player.check, "group": player.group}
    timing: dict[str, Any] = {"every": f"{player.every:g}s"}
    if player.slow:
        timing["slow"] = f"{player.slow * 1000:g}ms"
    return {**first, **timing, **player.table}


def _table(head: str, values: Mapping[str, Any]) -> str:
    return "\n".join([head, *(f"{key} = {_value(value)}" for key, value in values.items())]) + "\n"


def _value(value: Any) -> str:
    """A value in TOML: strings, numbers, lists and small tables."""
    if isinstance(value, _Raw):
        return str(value)
    if isinstance(value, Mapping):
        return "{ " + _joined(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + _joined(_value(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)
