"""Reads the Chrome UX Report: what Chrome measured of this origin in 28 days, the reference line of the vitals."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from integrations._options import Base, Table, Token
from integrations._parts import all_blind, attempt, blind, fixes, missing, worst
from integrations._reach import Reach, Unmeasured
from integrations._shape import number, table
from integrations._tools import Tools
from model import Figure, Part, Reading, Result, Snapshot, Status

TITLE = "Chrome UX Report"
READINGS = (Reading("record", "Chrome UX Report", every=43_200, timeout=45),)
FORMS = {"all": None, "phone": "PHONE", "desktop": "DESKTOP"}
METRICS = {
    "largest_contentful_paint": "lcp", "interaction_to_next_paint": "inp", "cumulative_layout_shift": "cls",
    "first_contentful_paint": "fcp", "experimental_time_to_first_byte": "ttfb",
}  # fmt: skip
GOOD = {"lcp": 2500.0, "inp": 200.0, "cls": 0.1, "fcp": 1800.0, "ttfb": 800.0}
REFUSED = {
    400: ("refuses the question", "check [crux] origin and api_key"),
    403: ("does not let the key ask", "enable the Chrome UX Report API for the key"),
}


def _origin(url: str) -> str:
    if url.count("/") != 2:
        raise ValueError("expected an origin such as https://shop.example, without a path")
    return url


class Options(Table):
    """A Google API key, restricted to the Chrome UX Report API."""

    base: Base = Field("https://chromeuxreport.googleapis.com", description="the API's address")
    api_key: Token = Field(description="a Google API key restricted to this API; secret")
    origin: Annotated[Base, AfterValidator(_origin)] = Field(description="the platform's origin, https://...")


async def fetch(reading: str, options: Options, tools: Tools) -> Snapshot:
    """CrUX: POST /v1/records:queryRecord for all devices, phones and desktops; no record means too little traffic."""
    headers = {"X-Goog-Api-Key": options.api_key.get_secret_value()}  # not in the query: it must reach no log
    to = Reach(tools, "crux", TITLE, options.base, headers, REFUSED)
    asked = (attempt(_record(to, options.origin, form)) for form in FORMS.values())
    found = dict(zip(FORMS, await asyncio.gather(*asked), strict=True))
    if reason := all_blind(*found.values()):
        raise reason
    parts, figures, days = [], [], []
    for form, record in found.items():
        if isinstance(record, Unmeasured):
            parts.append(blind(form, record))
            continue
        values, last = record
        days += [last] if last else []
        figures += [Figure(f"{name}_{form}", value, "" if name == "cls" else "ms") for name, value in values.items()]
        slow = [name.upper() for name, value in values.items() if value > GOOD[name]]
        parts.append(
            Part(form, Status.DEGRADED if slow else Status.UP, None, f"not good: {', '.join(slow)}" if slow else "")
        )
    facts = (("last_day", min(days).isoformat()),) if days else ()
    result = Result(worst(part.status for part in parts), parts=tuple(parts), facts=facts)
    unread = missing(*((each, (form, *(f"{name}_{form}" for name in GOOD))) for form, each in found.items()))
    return Snapshot(result, fixes(*found.values()), figures=tuple(figures), unread=unread)


async def _record(to: Reach, origin: str, form: str | None) -> tuple[dict[str, float], date | None]:
    """The p75 of each vital, and the last of the days that they are about."""
    body: dict[str, Any] = {"origin": origin} | ({"formFactor": form} if form else {})
    answer = await to.ask("POST", "/v1/records:queryRecord", body=body, accept=(200, 404))
    if answer.status == 404:
        raise Unmeasured("no field data: too little traffic")
    record = table(table(answer.body).get("record"))
    metrics = table(record.get("metrics"))
    read = (
        (short, number(table(table(metrics.get(name)).get("percentiles")).get("p75")))
        for name, short in METRICS.items()
    )
    found = {name: value for name, value in read if value is not None}
    if not found:
        raise Unmeasured("the record holds no p75", "check [crux] base")
    return found, _day(table(table(record.get("collectionPeriod")).get("lastDate")))


def _day(said: dict[str, Any]) -> date | None:
    parts = [number(said.get(name)) for name in ("year", "month", "day")]
    try:
        return date(*(int(part) for part in parts if part is not None))
    except (TypeError, ValueError, OverflowError):
        return None
