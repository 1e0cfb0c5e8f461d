"""What we are told at start: wardround.toml and the environment, read once and nowhere else."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, SecretStr

from configuration import tables
from configuration.mistakes import ConfigError, Mistake, line
from configuration.reading import Reading
from configuration.schema import schema
from configuration.substitution import Filled, filled, literals
from model import Channel, Checklist, Integration, Maintenance, Monitor, Secret, Slo

__all__ = [
    "Channel", "ConfigError", "Maintenance", "Monitor", "Server", "Settings", "Site", "Store", "Watch",
    "advice", "current", "digest", "environment", "found", "load", "schema", "shown", "use",
]  # fmt: skip

HOME = Path(__file__).resolve().parent
UTC = ZoneInfo("UTC")
SCHEME = r"([A-Za-z][A-Za-z0-9+.-]*)"
ALONE = (
    "[watch] connectivity is not set: when our own line is cut, every monitor is called down; "
    'name one or two hosts outside, such as connectivity = ["one.one.one.one:443", "dns.google:443"]'
)
LARGEST = 1_000_000  # bytes; a bigger file is not a configuration


@dataclass(frozen=True, slots=True)
class Site:
    """What is watched as a whole."""

    name: str = "Wardround"
    url: str | None = None
    environment: str = "production"
    timezone: ZoneInfo = UTC
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Store:
    """Where history is kept; the url may hold a password, so it has no repr."""

    url: str = field(default=f"sqlite:///{HOME / 'var' / 'wardround.db'}", repr=False)
    raw_days: int = 14
    history_days: int = 2557


@dataclass(frozen=True, slots=True)
class Watch:
    """How the watch itself behaves; times in seconds."""

    connectivity: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    group_wait: float = 3.0
    group_window: float = 30.0
    concurrency: int = 200
    dead_man: Secret | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """The doors over HTTP. No metrics_token: no such door; no allowed_hosts: any."""

    metrics_token: Secret | None = None
    sentry_dsn: Secret | None = None
    audit_key: Secret | None = None
    audit_keys_before: tuple[Secret, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    proxy_token: Secret | None = None

    @property
    def older_keys(self) -> tuple[bytes, ...]:
        """The keys that sealed older acts, the last one first."""
        return tuple(each.reveal().encode() for each in self.audit_keys_before)

    @property
    def naming_key(self) -> bytes:
        """Makes the pseudonyms: the first key of all, so that a person stays the same when keys change."""
        keys = [each.reveal().encode() for each in (self.audit_key, *self.audit_keys_before) if each]
        return keys[-1] if keys else b""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What browsers may send: from which pages, and which names are kept."""

    origins: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Everything we are told. Its repr is its path: any text in it may have come from the environment."""

    site: Site = Site()
    store: Store = Store()
    watch: Watch = Watch()
    server: Server = Server()
    monitors: tuple[Monitor, ...] = ()
    channels: tuple[Channel, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    integrations: tuple[Integration, ...] = ()
    path: Path | None = None
    hidden: frozenset[str] = field(default=frozenset(), compare=False)  # texts that are never shown
    vitals: Vitals = Vitals()
    checklists: tuple[Checklist, ...] = ()
    slos: tuple[Slo, ...] = ()

    def __repr__(self) -> str:
        return f"Settings({str(self.path)!r})"


def load(path: Path | str | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file, the one that ``found()`` names when none is given. Raises ConfigError: one line."""
    names = os.environ if environment is None else environment
    file = Path(path) if path else _stated(names)
    document = _parsed(file)
    secrets: set[str] = set(literals(document))
    secrets.update(value.strip() for name, value in names.items() if f"${{{name}}}" in str(document))
    try:
        whole = filled(document, names)
        return _settings(file, whole, names)
    except Mistake as mistake:
        raise ConfigError(line(file.name, document, mistake, secrets)) from None


def found() -> Path | None:
    """What WARDROUND_CONFIG names, there or not; else wardround.toml beside this program; None when there is none."""
    file = _stated(os.environ)
    return file if file.exists() or os.environ.get("WARDROUND_CONFIG") else None


def use(path: Path | str) -> Settings:
    """Loads ``path`` and makes it what ``current()`` answers from now on in this process."""
    os.environ["WARDROUND_CONFIG"] = str(Path(path).absolute())
    current.cache_clear()
    return current()


@cache
def current() -> Settings:
    """The settings of this process, read once."""
    return load()


def environment() -> dict[str, Secret]:
    """What this process was started with, for a check that judges it."""
    return {name: Secret(value) for name, value in os.environ.items()}


def shown(settings: Settings) -> list[tuple[str, str, str]]:
    """(table, key, value) of everything, for a person: secrets are ***, URLs without passwords and queries."""
    rows = [(f"[{name}]", getattr(settings, name)) for name in ("site", "store", "watch", "server", "vitals")]
    for table, values in (("monitor", settings.monitors), ("channel", settings.channels)):
        rows += [(f"[[{table}]] {value.key}", value) for value in values]
    rows += [(f"[[maintenance]] {value.title}", value) for value in settings.maintenance]
    rows += [(f"[{each.name}]", each) for each in settings.integrations]
    rows += [(f"[[slo]] {each.key}", each) for each in settings.slos]
    rows += [(f"[[checklist]] {each.key} {item.key}", item) for each in settings.checklists for item in each.items]
    hidden = frozenset(secret for secret in settings.hidden if len(secret) >= 4)  # a shorter one is in every word
    return [(_masked(table, hidden), key, _masked(value, hidden)) for table, row in rows for key, value in _flat(row)]


def advice(settings: Settings) -> tuple[str, ...]:
    """What is right as it stands and still leaves a gap, each with what to do about it."""
    if settings.monitors and not settings.watch.connectivity:
        return (ALONE,)
    return ()


def digest(settings: Settings) -> str:
    """Changes when the configuration does. A changed secret alone does not show: nothing is derived from secrets."""
    return hashlib.sha256(json.dumps(shown(settings)).encode()).hexdigest()[:16]


def _stated(names: Mapping[str, str]) -> Path:
    return Path(names.get("WARDROUND_CONFIG") or HOME / "wardround.toml")


def _parsed(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > LARGEST:
            raise ConfigError(f"{file.name}: larger than {LARGEST // 1000} kB is not a configuration")
        return tomllib.loads(file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))
    except FileNotFoundError:
        raise ConfigError(f"{file}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file.name}: is not UTF-8 text (byte {error.start})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file.name}: is not TOML: {_toml(str(error))}") from None
    except RecursionError:
        raise ConfigError(f"{file.name}: is nested too deeply") from None


def _toml(words: str) -> str:
    """The parser's words; its own for a key written twice do not say so, and one message quotes the file."""
    if words.startswith(("Cannot overwrite a value", "Duplicate inline table key", "Cannot declare")):
        where = re.search(r"\(at .*\)$", words)
        return f"the same key or table is written twice {where.group() if where else ''}".rstrip()
    return words if len(words) < 200 else "a value cannot be read"


def _settings(file: Path, whole: Filled, names: Mapping[str, str]) -> Settings:
    reading = Reading(whole.document, whole.hidden)
    site = Site(**tables.values(reading.table("site", tables.Site)))
    store = _plain(reading.table("store", tables.Store))
    override = None if site.demo else names.get("WARDROUND_STORE_URL")  # the demo never writes into a real store
    store["url"] = _store_url(override or store["url"].reveal())
    if store["raw_days"] > store["history_days"]:
        raise Mistake(("store", "raw_days"), "expected at most `history_days`: days are added up from single samples")
    watch = Watch(**_plain(reading.table("watch", tables.Watch)))
    server = Server(**_plain(reading.table("server", tables.Server)))
    monitors, channels = reading.monitors(), reading.channels()
    maintenance, slos = reading.maintenance(site.timezone, monitors), reading.slos(monitors)
    vitals = Vitals(**tables.values(reading.table("vitals", tables.Vitals)))
    if not vitals.origins and site.url:
        vitals = replace(vitals, origins=(_origin(site.url),))
    integrations = reading.integrations()
    watched = (*monitors, *(each for one in integrations for each in one.readings))
    hidden = whole.secrets - {store["url"], ""}
    return Settings(
        site, Store(**store), watch, server, monitors, channels, maintenance, integrations, file.absolute(),
        hidden, vitals, reading.checklists(slos, watched), slos,
    )  # fmt: skip


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _plain(row: BaseModel) -> dict[str, Any]:
    """The values of a table, with our own kind of secret."""
    return {name: _ours(value) for name, value in tables.values(row).items()}


def _ours(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_ours(each) for each in value)
    return Secret(value.get_secret_value()) if isinstance(value, SecretStr) else value


def _store_url(url: str) -> str:
    """The address with an absolute path: the server and its poller may run in different folders."""
    kind, begin, rest = url.strip().partition(":///")
    if kind != "sqlite" or not begin:
        if not url.strip().startswith(("postgresql://", "postgres://")):
            raise Mistake((), "WARDROUND_STORE_URL: expected sqlite:///FILE or postgresql://..., got another scheme")
        return url.strip()
    return f"sqlite:///{HOME / rest}"


def _flat(row: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(row, Integration):
        yield from row.options.model_dump(mode="json").items()
        return
    for each in fields(row):
        value = getattr(row, each.name)
        if isinstance(value, BaseModel):
            yield from value.model_dump(mode="json", by_alias=True).items()
        else:
            yield each.name, value


def _masked(value: Any, hidden: frozenset[str]) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(_masked(each, hidden) for each in value)
    if is_dataclass(value) or value is None:
        return "" if value is None else str(value)
    text = re.sub(r"\*{4,}", "***", str(value))
    text = re.sub(rf"\A{SCHEME}://(.*)\Z|{SCHEME}://(\S*)", _without_secrets, text, flags=re.DOTALL)
    return "***" if any(secret in text for secret in hidden) else text


def _without_secrets(url: re.Match[str]) -> str:
    """The URL without user, password and query. Where an @ may belong to either, nothing of it is left."""
    scheme, rest = (found for found in url.groups() if found is not None)
    head, mark, query = rest.partition("?")
    web = scheme.lower() in ("http", "https")
    if "@" in query and not web:
        return f"{scheme}://***"
    authority, slash, path = head.partition("/") if web else (head, "", "")
    if "@" in authority and scheme != "sqlite":  # a path may hold one
        authority = "***@" + authority.rpartition("@")[2]
    return f"{scheme}://{authority}{slash}{path}" + ("?***" if mark else "")
