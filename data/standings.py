"""Where every series stands, one row each, and the newest full result of every monitor."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from data.moments import CODE, STATUSES, maybe_micros, maybe_moment, micros, moment, ms_of, us_of
from data.tables import RESULTS, SERIES, STANDINGS
from data.text import kept
from data.upsert import Row, put_rows
from model import Doubt, Finding, Part, Phases, Result, Standing, Status, Stored

MOST = 64 * 1024  # characters of one result: far above any honest one


def keep(c: Connection, ids: Mapping[str, int], standings: Iterable[Standing]) -> None:
    """Writes the standing of each series over its older one."""
    put_rows(c, STANDINGS, [_row(ids[standing.series], standing) for standing in standings])


def _row(number: int, standing: Standing) -> Row:
    doubts = [[micros(d.at), CODE[d.status], kept(d.words)] for d in standing.doubts]
    return (
        number,
        CODE[standing.status],
        micros(standing.since),
        maybe_micros(standing.seen),
        kept(standing.words),
        json.dumps(doubts) if doubts else "",
        us_of(standing.latency),
        kept(standing.blind),
    )


def read(c: Connection) -> dict[str, Standing]:
    """The standing of every series that has one."""
    columns = [column for column in STANDINGS.columns if column.name != "series"]
    rows = c.execute(select(SERIES.c.key, *columns).join(SERIES, SERIES.c.id == STANDINGS.c.series))
    return {row[0]: _standing(*row) for row in rows}


def _standing(
    series: str, status: int, since: int, seen: int | None, words: str, doubts: str, latency: int | None, blind: str
) -> Standing:
    against = json.loads(doubts) if doubts else ()
    return Standing(
        series,
        STATUSES[status],
        moment(since),
        maybe_moment(seen),
        words,
        tuple(Doubt(moment(us), STATUSES[code], why) for us, code, why in against),
        ms_of(latency),
        blind,
    )


def keep_result(c: Connection, monitor: str, result: Result, at: datetime | None = None) -> None:
    """Writes the newest full result of ``monitor``, seen ``at`` (now), over the older one."""
    keep_results(c, {monitor: (datetime.now(UTC) if at is None else at, result)})


def keep_results(c: Connection, results: Mapping[str, tuple[datetime, Result]]) -> None:
    """The same for many monitors in one statement."""
    put_rows(c, RESULTS, [(key, micros(at), _body(result)) for key, (at, result) in results.items()])


def _body(result: Result) -> str:
    phases = result.phases
    value = {
        "status": result.status,
        "words": kept(result.words),
        "latency": result.latency,
        "phases": [phases.dns, phases.connect, phases.tls, phases.first_byte, phases.total],
        "parts": [[kept(p.name), p.status, p.latency, kept(p.words)] for p in result.parts],
        "findings": [[kept(f.kind), kept(f.words), kept(f.fix)] for f in result.findings],
        "facts": [[kept(name), kept(fact)] for name, fact in result.facts],
        "network": result.network,
        "stored": [
            [micros(s.at), kept(s.name), s.size, kept(s.wrong), s.status, maybe_micros(s.changed), s.tables]
            for s in result.stored
        ],
    }
    body = json.dumps(value, separators=(",", ":"))
    return body if len(body) <= MOST else _body(_without_lists(result))


def _without_lists(result: Result) -> Result:
    """A document with thousands of parts must not fill the store at every probe."""
    return Result(result.status, result.words, result.latency, result.phases, network=result.network)


def results(c: Connection) -> dict[str, tuple[datetime, Result]]:
    """The newest full result of every monitor, and when it was seen."""
    rows = c.execute(select(RESULTS.c.monitor, RESULTS.c.at, RESULTS.c.body))
    return {monitor: (moment(us), _result(json.loads(body))) for monitor, us, body in rows}


def _result(value: dict[str, Any]) -> Result:
    return Result(
        Status(value["status"]),
        value["words"],
        value["latency"],
        Phases(*value["phases"]),
        tuple(Part(name, Status(status), latency, words) for name, status, latency, words in value["parts"]),
        tuple(Finding(*finding) for finding in value["findings"]),
        tuple((name, fact) for name, fact in value["facts"]),
        value["network"],
        tuple(_stored(*each) for each in value.get("stored", ())),
    )


def _stored(
    at: int, name: str, size: int, wrong: str, status: str = "unknown", changed: int | None = None,
    tables: int | None = None,
) -> Stored:  # fmt: skip
    return Stored(moment(at), name, size, wrong, Status(status), maybe_moment(changed), tables)
