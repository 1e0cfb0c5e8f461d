"""The tables of wardround.toml: which keys each has, what they may hold, and what they hold when left out."""

from __future__ import annotations

import re
from datetime import datetime
from difflib import get_close_matches
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints
from pydantic import WithJsonSchema as As

from duration import parse

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
DURATION = As({"anyOf": [{"type": "string", "examples": ["30s", "5m", "1h"]}, {"type": "number"}]})


def _key(value: str) -> str:
    if not KEY.fullmatch(value):
        raise ValueError(f"expected small letters, digits, - and _, at most 64 (such as api-live), got {value[:80]!r}")
    return value


def _duration(value: object, least: float, most: float) -> float:
    seconds = parse(value)
    if not least <= seconds <= most:
        raise ValueError(f"expected {least:g} s to {most:g} s, got {str(value)[:40]!r}")
    return seconds


def lasting(least: float, most: float) -> BeforeValidator:
    """A duration between two numbers of seconds."""
    return BeforeValidator(lambda value: _duration(value, least, most))


def _web(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+\S*", value):
        raise ValueError(f"expected a URL that begins with https:// or http://, got {_bare(value)!r}")
    return value


def _bare(value: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", value).partition("?")[0][:80]


def _zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        near = get_close_matches(value, available_timezones(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"expected a time zone such as Europe/Berlin or UTC, got {value[:60]!r}{hint}") from None


def _store(value: SecretStr) -> SecretStr:
    scheme = value.get_secret_value().partition(":")[0]
    if scheme not in {"sqlite", "postgresql", "postgres"}:
        raise ValueError("expected sqlite:///FILE or postgresql://..., got another scheme")
    if scheme == "sqlite" and not re.match(r"sqlite:///[^:]", value.get_secret_value()):
        raise ValueError("expected a file after sqlite:///, such as sqlite:///var/wardround.db, got none")
    return value


def _apprise(value: SecretStr) -> SecretStr:
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://.", value.get_secret_value().strip()):
        raise ValueError("expected an Apprise URL such as mailto://... or slack://..., got something without a scheme")
    return value


def _secret_web(value: SecretStr) -> SecretStr:
    if not re.match(r"https?://[^\s/]", value.get_secret_value()):
        raise ValueError("expected a URL that begins with https:// or http://, got another")
    return value


def _dsn(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"https?://\w+@[\w.-]+(:\d+)?(/[\w.-]+)*/\d+", value.get_secret_value()):
        raise ValueError("expected a DSN such as https://key@o1.ingest.sentry.io/2, got something else")
    return value


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if (
        parts.scheme not in ("http", "https")
        or not parts.netloc
        or value.rstrip("/") != f"{parts.scheme}://{parts.netloc}"
    ):
        raise ValueError(f"expected an origin such as https://shop.example, got {_bare(value)!r}")
    return value.rstrip("/").lower()


def _route(value: str) -> str:
    if not re.fullmatch(r"/(?:[A-Za-z0-9._~:\[\]-]+/?)*", value):
        raise ValueError(f"expected a template such as /prescriptions/[id], got {_bare(value)!r}")
    return value


def _long(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < 16:
        raise ValueError("expected at least 16 characters, got fewer")
    return value


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        raise ValueError(f"expected a network such as 10.0.0.0/8 or fd00::/8, got {value[:60]!r}") from None


def _peer(value: str) -> str:
    try:
        parts = urlsplit(f"//{value}")
        good = bool(parts.hostname and parts.port and parts.netloc == value)
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"expected host:port such as one.one.one.one:443, got {value[:60]!r}")
    return value


def _moment(value: object) -> object:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            value = value[:40]
    if not isinstance(value, datetime):
        raise ValueError(f"expected a date and time such as 2026-12-01T22:00:00, got {str(value)[:40]!r}")
    return value


Key = Annotated[str, AfterValidator(_key), As({"type": "string", "pattern": f"^{KEY.pattern}$"})]
Web = Annotated[Text, AfterValidator(_web), As({"type": "string", "pattern": r"^(https?://|\$\{)"})]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone), As({"type": "string", "examples": ["Europe/Berlin", "UTC"]})]
Moment = Annotated[datetime, BeforeValidator(_moment), As({"type": "string", "format": "date-time"})]
Network = Annotated[str, AfterValidator(_network)]
Peer = Annotated[str, AfterValidator(_peer)]


class Table(BaseModel):
    """What all tables share: no unknown key, nothing changes later."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Site(Table):
    """What is watched as a whole."""

    name: Text = Field("Wardround", description="shown on every page and in every message")
    url: Web | None = Field(None, description="the platform's address; ${SITE_URL} stands for it everywhere")
    environment: Text = Field("production", description="production, staging ...")
    timezone: Zone = Field(ZoneInfo("UTC"), description="days and times are shown in it; everything stored is UTC")
    demo: bool = Field(False, description="set by the demo: every page says so")


class Store(Table):
    """Where history is kept, and how long."""

    url: Annotated[SecretStr, AfterValidator(_store)] = Field(
        SecretStr("sqlite:///var/wardround.db"),
        description="sqlite:///FILE (relative: beside this program) or postgresql://...; WARDROUND_STORE_URL wins",
    )
    raw_days: int = Field(14, ge=1, le=400, description="days that every single sample is kept")
    history_days: int = Field(2557, ge=1, le=36_525, description="days that intervals and roll-ups are kept")


class Watch(Table):
    """How the watch itself behaves."""

    connectivity: tuple[Peer, ...] = Field((), description="host:port to ask when every target fails: is it us?")
    networks: tuple[Network, ...] = Field((), description="private networks that probes may reach, such as 10.0.0.0/8")
    group_wait: Annotated[float, lasting(0, 600), DURATION] = Field(3.0, description="how long news waits for company")
    group_window: Annotated[float, lasting(0, 3600), DURATION] = Field(30.0, description="least time between messages")
    concurrency: int = Field(200, ge=1, le=5000, description="probes that may run at one time")
    dead_man: Annotated[SecretStr, AfterValidator(_secret_web)] | None = Field(
        None, description="URL that is called each minute while the watch works; secret"
    )


class Server(Table):
    """The doors over HTTP."""

    metrics_token: Annotated[SecretStr, AfterValidator(_long)] | None = Field(
        None, description="bearer token of /metrics, 16 characters or more; without it there is no such door"
    )
    audit_key: Annotated[SecretStr, AfterValidator(_long)] | None = Field(
        None, description="seals what people sign, 16 characters or more; without it nobody can sign; secret"
    )
    audit_keys_before: tuple[Annotated[SecretStr, AfterValidator(_long)], ...] = Field(
        (), max_length=20, description="keys that sealed older acts, the last one first; secret"
    )
    sentry_dsn: Annotated[SecretStr, AfterValidator(_dsn)] | None = Field(
        None, description="where our own errors go, a Sentry project of its own; left out: nowhere; secret"
    )
    allowed_hosts: tuple[Text, ...] = Field((), description="names this server is asked by; empty: any")
    proxies: tuple[Network, ...] = Field(
        (),
        max_length=100,
        description="networks of proxies whose X-Forwarded-For and -Proto are believed; this machine is one",
    )
    proxy_token: Annotated[SecretStr, AfterValidator(_long)] | None = Field(
        None, description="proves a proxy of unknown address that adds ?via=TOKEN, 16 characters or more; secret"
    )


class Vitals(Table):
    """What browsers may send to /api/vitals."""

    origins: tuple[Annotated[Text, AfterValidator(_origin)], ...] = Field(
        (), description="pages that may send, such as https://shop.example; left out: the one of [site] url"
    )
    routes: tuple[Annotated[Text, AfterValidator(_route)], ...] = Field(
        (), max_length=200, description="templates such as /prescriptions/[id]; any other path is kept as other"
    )
    metrics: tuple[Text, ...] = Field(
        (), max_length=200, description="names of the platform's own metrics, such as api.prescriptions"
    )


class Channel(Table):
    """One place to tell."""

    key: Key
    url: Annotated[SecretStr, AfterValidator(_apprise)] = Field(description="an Apprise URL; secret")
    on: tuple[Literal["down", "degraded", "anchor"], ...] = Field(
        ("down",), min_length=1, description="what is told of; anchor: hourly, where the audit trail ends"
    )
    timeout: Annotated[float, lasting(1, 120), DURATION] = Field(20.0, description="for one delivery")


class Maintenance(Table):
    """Planned quiet."""

    title: Text
    start: Moment = Field(description="without an offset: in the site's time zone")
    end: Moment
    monitors: tuple[Key, ...] = Field((), description="keys; empty: all monitors")
    public: bool = Field(True, description="whether stakeholders see it")


class Monitor(Table):
    """What every monitor has; the keys of its check come on top."""

    model_config = ConfigDict(extra="allow")

    key: Key = Field(description="stable: history hangs on it")
    name: Text | None = Field(None, description="shown to people; left out: the key")
    check: Text = Field(description="a file in checks/")
    every: Annotated[float, lasting(1, 86_400), DURATION] = Field(30.0, description="how often")
    timeout: Annotated[float, lasting(0.1, 300), DURATION] | None = Field(
        None, description="for one probe as a whole; left out: 10 s, or `every` when that is shorter"
    )
    slow: Annotated[float, lasting(0.001, 300), DURATION] | None = Field(None, description="slower is degraded")
    confirm: int = Field(2, ge=1, le=20, description="samples in a row before a flip")
    group: Text = Field("Everything else", description="the heading it stands under")
    critical: bool = Field(False, description="shown first")
    public: Text | None = Field(None, description="shown to stakeholders under this name; left out: internal")
    runbook: Web | None = Field(None, description="what to do when it is down")
    depends_on: tuple[Key, ...] = Field((), description="keys of monitors without which this one cannot work")
    paused: bool = Field(False, description="not probed for now")


class Slo(Table):
    """A promise, and so a budget of time that may be lost."""

    key: Key = Field(description="stable: the gate `budget` names it")
    name: Text | None = Field(None, description="shown to people; left out: the key")
    monitors: tuple[Key, ...] = Field(min_length=1, max_length=50, description="each keeps it; the worst one counts")
    target: float = Field(gt=50, lt=100, description="per cent of the time that it is up, such as 99.9")
    window: Literal["7d", "30d", "90d"] = Field("30d", description="the time that it is kept over")


Gate = Literal[
    "up",
    "calm",
    "no-restart",
    "days-left",
    "score",
    "below",
    "p95",
    "no-new-issue",
    "event-received",
    "arriving",
    "built",
    "live",
    "way-back",
    "alerting",
    "budget",
]


class ChecklistItem(Table):
    """One line: a gate that the store answers, or, without one, something that a person signs."""

    key: Key = Field(description="stable: signatures hang on it")
    title: Text
    group: Text = Field("Checklist", description="the heading it stands under")
    gate: Gate | None = Field(None, description="what the store must say; left out: a person signs")
    series: tuple[Text, ...] = Field((), max_length=50, description="monitors, parts, readings; figures; [[slo]] keys")
    seconds: Annotated[float, lasting(0, 31 * 86_400), DURATION] = Field(0.0, alias="for", description="for how long")
    limit: float | None = Field(None, description="the number that may not be passed, or must be reached")
    blocking: bool = Field(True, description="whether a release waits for it")
    owner: str = Field("", max_length=80, description="the role that looks after it")
    valid: Annotated[float, lasting(60, 366 * 86_400), DURATION] = Field(
        86_400.0, description="how long evidence counts"
    )
    two_person: bool = Field(False, description="two people sign")


class Checklist(Table):
    """What must hold before, or after, a release."""

    key: Key = Field(description="stable: its runs hang on it")
    name: Text
    per_release: bool = Field(True, description="a fresh run for each release; false: one run that goes on")
    item: tuple[ChecklistItem, ...] = Field(min_length=1, max_length=200, description="[[checklist.item]]")


TABLES: dict[str, type[Table]] = {"site": Site, "store": Store, "watch": Watch, "server": Server, "vitals": Vitals}
ROWS: dict[str, type[Table]] = {
    "monitor": Monitor,
    "channel": Channel,
    "maintenance": Maintenance,
    "slo": Slo,
    "checklist": Checklist,
}


def known(table: type[BaseModel]) -> tuple[str, ...]:
    """The keys a table may have, as they are written."""
    return tuple(field.alias or name for name, field in table.model_fields.items())


def values(row: Any) -> dict[str, Any]:
    """The fields of a row as they are, without a copy of what they hold."""
    return {name: getattr(row, name) for name in type(row).model_fields}
