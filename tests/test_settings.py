"""The configuration: what a file means, and that every mistake is one line without a secret."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import registry
import settings
from configuration import tables
from model import Status

HOME = Path(__file__).resolve().parents[1]
EXAMPLE = HOME / "wardround.example.toml"
CANARY = "c4n4ry-7f3a91d0e5b2"
ENVIRONMENT = {
    "METRICS_TOKEN": f"metrics-{CANARY}",
    "AUDIT_KEY": f"audit-{CANARY}",
    "ONCALL_URL": f"mailto://ward:{CANARY}@mail.example",
    "TEAM_URL": f"slack://{CANARY}/b/c",
    "SUPABASE_URL": f"https://{CANARY}.supabase.example",
    "SUPABASE_ANON_KEY": f"sb_publishable_{CANARY}",
    "SUPABASE_SERVICE_KEY": f"sb_secret_{CANARY}",
    "SUPABASE_TOKEN": f"sbp_{CANARY}",
    "SENTRY_TOKEN": f"sntryi_{CANARY}",
    "VERCEL_TOKEN": f"vercel-{CANARY}",
    "STRIPE_KEY": f"rk_live_{CANARY}",
    "BACKUP_TOKEN": f"backup-{CANARY}",
}

SITE = '[site]\nname = "X"\nurl = "https://x.example/"\ntimezone = "Europe/Berlin"\n'
HTTP = '[[monitor]]\nkey = "home"\ncheck = "http"\nurl = "https://x.example/"\n'
TCP = '[[monitor]]\nkey = "port"\ncheck = "tcp"\nhost = "x.example"\nport = 443\n'
PUSH = '[[monitor]]\nkey = "nightly"\ncheck = "heartbeat"\nperiod = "1d"\n'
QUIET = '[[maintenance]]\ntitle = "Upgrade"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "wardround.toml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> settings.Settings:
    return settings.load(written(folder, text), environment or {})


def refused(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> str:
    with pytest.raises(settings.ConfigError) as error:
        loaded(folder, text, environment)
    return str(error.value)


def test_the_example_is_a_configuration_that_starts() -> None:
    known = settings.load(EXAMPLE, ENVIRONMENT)
    assert known.site.name == "TCM Prescription Platform"
    keys = {monitor.key for monitor in known.monitors}
    assert {"platform", "ready", "live", "home", "auth", "certificate", "name", "backup"} <= keys
    assert {monitor.check for monitor in known.monitors} >= {"health", "http", "tls", "dns", "heartbeat"}
    assert [channel.key for channel in known.channels] == ["oncall", "team"]
    assert known.monitors[0].options.url == "https://prescription-platform.vercel.app/api/health"
    assert known.maintenance[0].start == datetime(2026, 1, 10, 21, tzinfo=UTC)
    assert [each.name for each in known.integrations] == ["sentry", "stripe", "supabase", "vendors", "vercel"]
    assert sum(len(each.readings) for each in known.integrations) == 15
    assert [each.key for each in known.checklists] == [
        "back-end",
        "weeks",
        "protocol",
        "before",
        "after",
        "success",
        "recovery",
    ]


# platform.md: list -> item -> whether the store answers it (A) or a person signs it (M)
WANTED = {
    "back-end": {
        "apis": "A", "stable": "A", "no-restart": "A", "endpoints": "A", "end-to-end": "M", "database": "A", "rls": "A",
        "functions": "A", "stripe": "A", "monitoring": "A",
    },
    "weeks": {"confirmed": "A", "integration": "M", "payments": "M", "load": "M", "coordinated": "M"},
    "protocol": {"back-end-first": "A", "in-production": "M", "both-sides": "A", "rollback-plan": "M"},
    "before": {"build": "A", "variables": "A", "headers": "A", "health": "A", "privacy": "M", "errors": "M"},
    "after": {
        "variables-set": "A", "login": "M", "webhooks": "A", "connected": "A", "certificate": "A", "no-new-error": "A",
        "test-event": "A", "vitals": "A",
    },
    "success": {"deployed": "A", "alerting": "A", "tracking": "A", "compliance": "A", "rollback": "A", "backup": "A"},
    "recovery": {"moment": "M", "restore": "M", "validate": "M", "switch": "M", "notify": "M"},
}  # fmt: skip
# what an item must look at to prove what its title says
PROVEN = {
    "endpoints": {"endpoints"},
    "functions": {"supabase.data/function-health"},
    "variables": {"ready", "variables"},
    "variables-set": {"ready", "variables"},
    "headers": {"headers"},
    "compliance": {"headers", "supabase.rls", "sentry.privacy"},
    "backup": {"dumps", "restore", "supabase.backups"},
}
WORDS = {"build": "built", "deployed": "live", "rollback": "way-back", "alerting": "alerting", "headers": "up"}


def played(folder: Path) -> settings.Settings:
    from demo import config
    from demo.schedule import Schedule
    from demo.server import PREFERRED

    (folder / "demo").mkdir()
    (folder / "demo" / "ca.pem").touch()
    return settings.load(config.write(Schedule(datetime(2026, 11, 23, tzinfo=UTC), 1), PREFERRED, folder), {})


@pytest.mark.parametrize("which", ["example", "demo"])
def test_every_item_of_the_platforms_lists_is_there_and_proves_what_it_says(which: str, tmp_path: Path) -> None:
    known = settings.load(EXAMPLE, ENVIRONMENT) if which == "example" else played(tmp_path)
    found = {each.key: {item.key: "A" if item.gate else "M" for item in each.items} for each in known.checklists}
    assert found == WANTED
    items = {item.key: item for each in known.checklists for item in each.items}
    assert {key: seen - set(items[key].series) for key, seen in PROVEN.items()} == {key: set() for key in PROVEN}
    assert {key: items[key].gate for key in WORDS} == WORDS
    assert [each.key for each in known.checklists if not each.per_release] == ["weeks", "recovery"]
    assert all(item.valid >= 14 * 86_400 for each in known.checklists if not each.per_release for item in each.items
               if not item.gate)  # fmt: skip


LISTED = """
[[checklist]]
key = "l"
name = "L"
[[checklist.item]]
key = "i"
title = "I"
gate = "up"
series = ["{}"]
"""


@pytest.mark.parametrize("series", ["home", "home/part", "vercel.deployments", "vercel.deployments/builds"])
def test_a_gate_looks_at_what_is_watched(series: str, tmp_path: Path) -> None:
    vercel = '[vercel]\nproject = "p"\ntoken = "abc"\n'
    assert loaded(tmp_path, vercel + HTTP + LISTED.format(series)).checklists[0].items[0].series == (series,)


@pytest.mark.parametrize(
    ("series", "words"),
    [
        ("hom", "no monitor and no reading has the key 'hom'; did you mean 'home'?"),
        ("hom/part", "no monitor and no reading has the key 'hom/part'"),
        ("vercel.deployments", "no monitor and no reading has the key 'vercel.deployments'"),
    ],
)
def test_a_gate_that_looks_at_nothing_is_a_mistake(series: str, words: str, tmp_path: Path) -> None:
    said = refused(tmp_path, HTTP + LISTED.format(series))
    assert words in said
    assert "[[checklist]] 1 ('l')" in said


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SENTRY_TOKEN", f"sntrys_{CANARY}", "organisation token"),
        ("SENTRY_TOKEN", f"sntryi_a\nb{CANARY}", "a line end"),
        ("STRIPE_KEY", f"rk_test_{CANARY}", "test key"),
        ("STRIPE_KEY", f"pk_live_{CANARY}", "restricted or secret key"),
        ("STRIPE_KEY", "  ", "expected a token"),
        ("SUPABASE_ANON_KEY", f"sb_secret_{CANARY}", "publishable"),
        ("SUPABASE_TOKEN", f"eyJ{CANARY}", "access token of Supabase"),
        ("VERCEL_TOKEN", f"a {CANARY}", "one token on one line"),
    ],
)
def test_a_token_of_the_wrong_kind_ends_the_start_with_a_clear_line(name: str, value: str, words: str) -> None:
    with pytest.raises(settings.ConfigError) as caught:
        settings.load(EXAMPLE, ENVIRONMENT | {name: value})
    said = str(caught.value)
    assert words in said
    assert name.partition("_")[0].lower() in said
    assert CANARY not in said
    assert "\n" not in said


def test_a_newline_behind_a_token_is_no_part_of_it() -> None:
    known = settings.load(EXAMPLE, ENVIRONMENT | {"STRIPE_KEY": ENVIRONMENT["STRIPE_KEY"] + "\n"})
    stripe = next(each for each in known.integrations if each.name == "stripe")
    assert stripe.options.api_key.get_secret_value() == ENVIRONMENT["STRIPE_KEY"]


def test_every_name_the_example_takes_from_the_environment_is_needed() -> None:
    for name in ENVIRONMENT:
        rest = {other: value for other, value in ENVIRONMENT.items() if other != name}
        with pytest.raises(settings.ConfigError, match=rf"\[\[?\w+\]\]?.*the environment has no {name};"):
            settings.load(EXAMPLE, rest)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    known = loaded(tmp_path, HTTP)
    [monitor] = known.monitors
    assert (monitor.name, monitor.every, monitor.timeout, monitor.confirm) == ("home", 30.0, 10.0, 2)
    assert (known.store.raw_days, known.store.history_days) == (14, 2557)
    assert known.store.url == f"sqlite:///{HOME}/var/wardround.db"
    assert known.server.metrics_token is None


def test_a_short_interval_shortens_the_default_time_out(tmp_path: Path) -> None:
    assert loaded(tmp_path, HTTP + 'every = "5s"\n').monitors[0].timeout == 5.0


def test_the_environment_names_the_store_and_wins(tmp_path: Path) -> None:
    text = '[store]\nurl = "sqlite:///var/a.db"\n' + HTTP
    assert loaded(tmp_path, text).store.url == f"sqlite:///{HOME}/var/a.db"
    url = "postgresql://ward:pass@db.example/ward"
    assert loaded(tmp_path, text, {"WARDROUND_STORE_URL": url}).store.url == url


def test_the_site_stands_for_itself_unless_the_environment_says_otherwise(tmp_path: Path) -> None:
    text = SITE + HTTP.replace("https://x.example/", "${SITE_URL}/a")
    assert loaded(tmp_path, text).monitors[0].options.url == "https://x.example/a"
    other = {"SITE_URL": "https://staging.example/"}
    assert loaded(tmp_path, text, other).monitors[0].options.url == "https://staging.example/a"


def test_two_dollars_stand_for_one(tmp_path: Path) -> None:
    assert loaded(tmp_path, HTTP + 'contains = "$${HOME}"\n').monitors[0].options.contains == "${HOME}"


def test_a_secret_loses_the_line_end_that_a_file_gave_it(tmp_path: Path) -> None:
    text = PUSH + 'token = "${TOKEN}"\n'
    options = loaded(tmp_path, text, {"TOKEN": f" {CANARY}\r\n"}).monitors[0].options
    assert options.token.get_secret_value() == CANARY


@pytest.mark.parametrize(
    ("start", "utc_hour"),
    [
        pytest.param("2026-07-01T12:00:00", 10, id="summer time of the site"),
        pytest.param("2026-12-01T12:00:00", 11, id="winter time of the site"),
        pytest.param("2026-07-01T12:00:00Z", 12, id="an offset is an offset"),
        pytest.param('"2026-07-01T12:00:00"', 10, id="as text"),
    ],
)
def test_moments_are_read_in_the_time_zone_of_the_site(tmp_path: Path, start: str, utc_hour: int) -> None:
    text = SITE + HTTP + QUIET + f"start = {start}\nend = 2027-01-01T00:00:00Z\n"
    assert loaded(tmp_path, text).maintenance[0].start.astimezone(UTC).hour == utc_hour


def test_a_channel_can_be_told_of_degradation(tmp_path: Path) -> None:
    text = HTTP + '[[channel]]\nkey = "a"\nurl = "json://localhost"\non = ["down", "degraded"]\n'
    assert loaded(tmp_path, text).channels[0].on == (Status.DOWN, Status.DEGRADED)


MISTAKES = {
    "no monitor": (SITE, "wardround.toml: there is no [[monitor]]"),
    "not TOML": ("[site\n", "wardround.toml: is not TOML: Expected ']' at the end of a table declaration (at line 1"),
    "a key twice": (SITE + 'name = "Y"\n', "written twice (at line 5"),
    "a table twice": (SITE + "[site]\n", "written twice"),
    "an unknown table": ("[sight]\n" + HTTP, "unknown table [sight]; did you mean 'site'?"),
    "an unknown table unlike any": ("[zzz]\n" + HTTP, "unknown table [zzz]; known are channel,"),
    "an unknown key": (
        '[site]\ntimezon = "UTC"\n' + HTTP,
        "[site]: unknown key 'timezon'; did you mean 'timezone'?",
    ),
    "an unknown key of a monitor": (
        HTTP + "critcal = true\n",
        "[[monitor]] 1 ('home'): unknown key 'critcal'; did you mean 'critical'?",
    ),
    "an unknown key of a check": (HTTP + 'metod = "GET"\n', "unknown key 'metod'; did you mean 'method'?"),
    "an unknown check": (
        HTTP.replace('"http"', '"htpp"'),
        "[[monitor]] 1 ('home'): check: expected one of backups, configuration, dns, drill, endpoints, headers, "
        "health, heartbeat, http, tcp, tls, vitals, got 'htpp'",
    ),
    "no check": ('[[monitor]]\nkey = "a"\n', "[[monitor]] 1 ('a'): check: is missing"),
    "no key": ('[[monitor]]\ncheck = "http"\n', "[[monitor]] 1: key: is missing"),
    "a key in capitals": (HTTP.replace('"home"', '"Home"'), "key: expected small letters"),
    "one monitor in single brackets": (HTTP.replace("[[monitor]]", "[monitor]"), "write it as [[monitor]]"),
    "two monitors of one key": (
        HTTP + HTTP,
        "[[monitor]] 2 ('home'): key: 'home' is the key of [[monitor]] 1 already",
    ),
    "a bad duration": (
        HTTP + 'every = "often"\n',
        "[[monitor]] 1 ('home'): every: expected a duration such as 30s, 5m, 1h or 1d, got 'often'",
    ),
    "a duration of nothing": (HTTP + 'every = "0s"\n', "every: expected 1 s to 86400 s, got '0s'"),
    "a time-out beyond the interval": (
        HTTP + 'every = "10s"\ntimeout = "20s"\n',
        "timeout: expected at most `every` (10 s), got 20 s",
    ),
    "slow beyond the time-out": (HTTP + 'slow = "10s"\n', "slow: expected less than `timeout` (10 s), got 10 s"),
    "confirm of nothing": (HTTP + "confirm = 0\n", "confirm: expected at least 1, got 0"),
    "confirm as a word": (HTTP + 'confirm = "twice"\n', "confirm: expected a whole number, got 'twice'"),
    "critical as a word": (HTTP + 'critical = "very"\n', "critical: expected true or false, got 'very'"),
    "a name that is a number": (HTTP + "name = 5\n", "name: expected text, got 5"),
    "a group that is a list": (HTTP + 'group = ["a"]\n', "group: expected text, got a list of 1"),
    "depends on nobody": (
        HTTP + 'depends_on = ["hom"]\n',
        "depends_on: no monitor has the key 'hom'; did you mean 'home'?",
    ),
    "depends on itself": (HTTP + 'depends_on = ["home"]\n', "goes round in a circle: home -> home"),
    "depends in a circle": (
        HTTP + 'depends_on = ["port"]\n' + TCP + 'depends_on = ["home"]\n',
        "depends_on: goes round in a circle: home -> port -> home",
    ),
    "depends_on as text": (HTTP + 'depends_on = "home"\n', "depends_on: expected a list, got 'home'"),
    "no url": (HTTP.replace('url = "https://x.example/"\n', ""), "[[monitor]] 1 ('home'): url: is missing"),
    "a url of another scheme": (HTTP.replace("https:", "ftp:"), "[[monitor]] 1 ('home'): url: "),
    "a runbook that is no url": (HTTP + 'runbook = "wiki"\n', "runbook: expected a URL that begins with https://"),
    "a site that is no url": ('[site]\nurl = "x.example"\n' + HTTP, "[site]: url: expected a URL that begins with"),
    "a port out of range": (TCP.replace("443", "70000"), "[[monitor]] 1 ('port'): port: "),
    "an unknown time zone": (
        '[site]\ntimezone = "Europe/Berlinn"\n' + HTTP,
        "[site]: timezone: expected a time zone such as Europe/Berlin or UTC, got 'Europe/Berlinn'; did you mean",
    ),
    "a time zone that is a path": ('[site]\ntimezone = "../../etc/passwd"\n' + HTTP, "timezone: expected a time zone"),
    "a store of another kind": ('[store]\nurl = "mysql://a/b"\n' + HTTP, "[store]: url: expected sqlite:///FILE or"),
    "a store without a file": ('[store]\nurl = "sqlite://"\n' + HTTP, "[store]: url: expected a file after sqlite"),
    "raw longer than history": (
        "[store]\nraw_days = 30\nhistory_days = 7\n" + HTTP,
        "[store]: raw_days: expected at most `history_days`",
    ),
    "no raw days": ("[store]\nraw_days = 0\n" + HTTP, "[store]: raw_days: expected at least 1, got 0"),
    "a channel without a url": (HTTP + '[[channel]]\nkey = "a"\n', "[[channel]] 1 ('a'): url: is missing"),
    "a channel without a scheme": (
        HTTP + '[[channel]]\nkey = "a"\nurl = "oncall@x.example"\n',
        "[[channel]] 1 ('a'): url: expected an Apprise URL such as mailto://... or slack://..., got a value that",
    ),
    "a channel told of nonsense": (
        HTTP + '[[channel]]\nkey = "a"\nurl = "json://x"\non = ["up"]\n',
        "[[channel]] 1 ('a'): on[1]: expected 'down', 'degraded' or 'anchor', got 'up'",
    ),
    "a channel told of nothing": (
        HTTP + '[[channel]]\nkey = "a"\nurl = "json://x"\non = []\n',
        "on: expected at least 1 of them",
    ),
    "two channels of one key": (
        HTTP + 2 * '[[channel]]\nkey = "a"\nurl = "json://x"\n',
        "[[channel]] 2 ('a'): key: 'a' is the key of [[channel]] 1 already",
    ),
    "maintenance that ends first": (
        HTTP + QUIET + "start = 2026-01-02T00:00:00\nend = 2026-01-01T00:00:00\n",
        "[[maintenance]] 1 ('Upgrade'): end: expected a moment after the start",
    ),
    "maintenance without a time": (
        HTTP + QUIET + "start = 2026-01-02\nend = 2026-01-03\n",
        "start: expected a date and time such as",
    ),
    "maintenance of nobody": (
        HTTP + QUIET + 'start = 2026-01-01T00:00:00\nend = 2026-01-02T00:00:00\nmonitors = ["x"]\n',
        "monitors: no monitor has the key 'x'",
    ),
    "a network that is none": ('[watch]\nnetworks = ["ten"]\n' + HTTP, "[watch]: networks[1]: expected a network such"),
    "a proxy that is none": ('[server]\nproxies = ["10.0.0.1/8"]\n' + HTTP, "[server]: proxies[1]: expected a network"),
    "a short token of a proxy": ('[server]\nproxy_token = "abc"\n' + HTTP, "proxy_token: expected at least 16"),
    "a peer without a port": (
        '[watch]\nconnectivity = ["one.one.one.one"]\n' + HTTP,
        "[watch]: connectivity[1]: expected host:port such as",
    ),
    "a switch that is no url": ('[watch]\ndead_man = "later"\n' + HTTP, "[watch]: dead_man: expected a URL that"),
    "a short token": ('[server]\nmetrics_token = "abc"\n' + HTTP, "metrics_token: expected at least 16 characters"),
    "a short token of a job": (PUSH + 'token = "abc"\n', "[[monitor]] 1 ('nightly'): token: "),
    "a name that is not set": (
        HTTP.replace("https://x.example/", "${WHERE}"),
        "[[monitor]] 1 ('home'): url: the environment has no WHERE; set it, or take ${WHERE} out",
    ),
    "a name that is none": (HTTP + 'group = "${}"\n', "group: expected a name of the environment"),
    "the site without a url": (HTTP.replace("https://x.example/", "${SITE_URL}"), "no SITE_URL; set it or [site] url"),
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_line_that_says_where_and_what(tmp_path: Path, text: str, words: str) -> None:
    said = refused(tmp_path, text)
    assert words in said
    assert said.startswith("wardround.toml: ")
    assert "\n" not in said
    assert len(said) < 300


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"name = '\xff'", "is not UTF-8 text", id="bytes that are no text"),
        pytest.param(b"a = " + b"[" * 5000, "nested too deeply", id="endless nesting"),
        pytest.param(b"#" * 1_100_000, "larger than", id="a megabyte"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "wardround.toml"
    path.write_bytes(content)
    with pytest.raises(settings.ConfigError, match=words):
        settings.load(path, {})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(settings.ConfigError, match=r"nowhere\.toml: there is no such file"):
        settings.load(tmp_path / "nowhere.toml", {})


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(settings.ConfigError, match="cannot be read"):
        settings.load(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        pytest.param(PUSH + 'token = "${T}"\n', {"T": f"{CANARY}\nx"}, id="a line end inside a token"),
        pytest.param(PUSH + f'token = "{CANARY}\\u0007"\n', {}, id="a control character in the file itself"),
        pytest.param(HTTP + 'every = "${T}"\n', {"T": CANARY}, id="a secret where a duration belongs"),
        pytest.param(HTTP.replace('"http"', '"${T}"'), {"T": CANARY}, id="a secret where a kind belongs"),
        pytest.param(HTTP.replace('"home"', '"${T}"'), {"T": f"{CANARY}!"}, id="a secret where a key belongs"),
        pytest.param(HTTP + 'depends_on = ["${T}"]\n', {"T": CANARY}, id="a secret where a dependency belongs"),
        pytest.param('[store]\nurl = "${T}"\n' + HTTP, {"T": f"mysql://a:{CANARY}@b/c"}, id="a store's password"),
        pytest.param(HTTP, {"WARDROUND_STORE_URL": f"mysql://a:{CANARY}@b/c"}, id="the environment's store"),
        pytest.param(HTTP + f'[[channel]]\nkey="a"\nurl="{CANARY}"\n', {}, id="a channel in the file itself"),
        pytest.param('[site]\ntimezone = "${T}"\n' + HTTP, {"T": CANARY}, id="a secret where a zone belongs"),
        pytest.param(HTTP.replace("https://x.example/", f"ftp://u:{CANARY}@x/"), {}, id="a password in a URL"),
        pytest.param(HTTP.replace("https://x.example/", f"ftp://x/?key={CANARY}"), {}, id="a key in a query"),
        pytest.param(HTTP + f"headers = {{ Authorization = ['{CANARY}'] }}\n", {}, id="a header of a wrong shape"),
        pytest.param(HTTP + 'status = "${T}"\n', {"T": CANARY}, id="a secret where a status belongs"),
    ],
)
def test_no_mistake_shows_a_secret(tmp_path: Path, text: str, environment: dict[str, str]) -> None:
    assert CANARY not in refused(tmp_path, text, environment)


def test_nothing_that_is_shown_holds_a_secret() -> None:
    known = settings.load(EXAMPLE, ENVIRONMENT)
    assert CANARY not in f"{known!r}{settings.shown(known)}{settings.digest(known)}"
    assert ("[server]", "metrics_token", "***") in settings.shown(known)


def test_a_password_in_the_store_is_not_shown(tmp_path: Path) -> None:
    known = loaded(tmp_path, HTTP, {"WARDROUND_STORE_URL": f"postgresql://ward:{CANARY}@db.example/ward"})
    assert CANARY not in f"{known!r}{settings.shown(known)}"
    assert ("[store]", "url", "postgresql://***@db.example/ward") in settings.shown(known)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://db.example/ward?user=u&password={CANARY}", "postgresql://db.example/ward?***"),
        (f"postgresql://u:p@{CANARY}@db.example/ward", "postgresql://***@db.example/ward"),
        (f"postgresql://u:p/{CANARY}@db.example/ward", "postgresql://***@db.example/ward"),
        (f"postgresql://u:{CANARY}?x@db.example/ward", "postgresql://***"),
        (f"postgresql://db.example/ward?password=x@{CANARY}", "postgresql://***"),
        (f"postgresql://u:p w {CANARY}@db.example/ward", "postgresql://***@db.example/ward"),
        (f"postgres://u:{CANARY}@db.example:5432/ward?sslmode=require", "postgres://***@db.example:5432/ward?***"),
        ("postgresql:///ward", "postgresql:///ward"),
        ("sqlite:////srv/us@home/w.db", "sqlite:////srv/us@home/w.db"),
    ],
)
def test_no_way_to_write_a_password_into_the_store_shows_it(tmp_path: Path, url: str, shown: str) -> None:
    known = loaded(tmp_path, HTTP, {"WARDROUND_STORE_URL": url})
    assert CANARY not in f"{known!r}{settings.shown(known)}"
    assert ("[store]", "url", shown) in settings.shown(known)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://x.example/a?token={CANARY}", "https://x.example/a?***"),
        ("https://x.example/@people/a", "https://x.example/@people/a"),
        (f"see https://u:{CANARY}@x.example/a now", "see https://***@x.example/a now"),
    ],
)
def test_addresses_lose_what_may_be_secret_and_stay_addresses(url: str, shown: str) -> None:
    assert settings._masked(url, frozenset()) == shown


def test_the_digest_changes_with_what_is_watched(tmp_path: Path) -> None:
    before = settings.digest(loaded(tmp_path, HTTP))
    assert settings.digest(loaded(tmp_path, HTTP)) == before
    assert settings.digest(loaded(tmp_path, HTTP + 'every = "1m"\n')) != before


def test_current_is_what_was_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_CONFIG", str(tmp_path / "none.toml"))
    assert settings.found() == tmp_path / "none.toml"
    assert settings.use(written(tmp_path, SITE + HTTP)).site.name == "X"
    assert settings.current().path == tmp_path / "wardround.toml"
    settings.current.cache_clear()


def test_a_check_has_no_key_that_every_monitor_has() -> None:
    for kind, module in registry.members("checks").items():
        assert set(tables.known(module.Options)) & set(tables.known(tables.Monitor)) == set(), kind


# --- the schema for editors ---


def plain(value: Any) -> Any:
    """TOML's dates as JSON has them."""
    return json.loads(json.dumps(value, default=lambda moment: moment.isoformat()))


def test_the_schema_is_one_and_the_example_follows_it() -> None:
    schema = settings.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(plain(tomllib.loads(EXAMPLE.read_text("utf-8"))), schema)


@pytest.mark.parametrize(
    "text", [HTTP + "critcal = true\n", HTTP.replace('"http"', '"htpp"'), SITE + "zzz = 1\n" + HTTP]
)
def test_the_schema_sees_mistakes(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain(tomllib.loads(text)), settings.schema())


def test_every_check_is_in_the_schema() -> None:
    kinds = {row["title"] for row in settings.schema()["properties"]["monitor"]["items"]["oneOf"]}
    assert kinds == set(registry.names("checks"))


# --- mutations ---

VALID = EXAMPLE.read_text("utf-8") + f'\n[[channel]]\nkey = "plain"\nurl = "json://u:{CANARY}@x.example"\n'
LINES = [line for line in VALID.splitlines() if line.strip() and not line.startswith("#")]
JUNK = st.one_of(
    st.sampled_from(
        ["", '"', "[", "]]", "{", "= =", "-1", "1e999", "nan", "true", '""', "[[]]", "${", '"${X}"', "0x_"]
    ),
    st.sampled_from(['"${BACKUP_TOKEN}"', '["${TEAM_URL}"]', "{ a = '${ONCALL_URL}' }", "2026-01-01", '"\\u0000"']),
    st.text(max_size=12),
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The valid file with one to three accidents: lines lost, doubled, moved; values, keys and characters changed."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        accident = draw(st.sampled_from(["lost", "doubled", "moved", "value", "key", "character"]))
        key, _, value = lines[at].partition("=")
        if accident == "lost":
            del lines[at]
        elif accident == "doubled":
            lines.insert(at, lines[at])
        elif accident == "moved":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
        elif accident == "value":
            lines[at] = f"{key}= {draw(JUNK)}"
        elif accident == "key":
            lines[at] = f"{draw(st.text('abcdefgh_-', max_size=8))} = {value}"
        else:
            spot = draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:spot] + draw(st.characters(exclude_categories=["Cs"])) + lines[at][spot + 1 :]
    return "\n".join(lines)


@given(text=mutated())
@hypothesis_settings(
    max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_any_accident_is_one_line_without_a_secret_or_a_good_file(tmp_path: Path, text: str) -> None:
    try:
        known = loaded(tmp_path, text, ENVIRONMENT)
    except settings.ConfigError as error:
        said = str(error)
        assert CANARY not in said
        assert len(said.splitlines()) == 1
    else:
        assert CANARY not in repr(known)
        assert [row for row in settings.shown(known) if CANARY in str(row)] == []


def test_a_key_is_written_out(tmp_path: Path) -> None:
    assert "key: a key is stored and shown" in refused(tmp_path, HTTP.replace('"home"', '"${T}"'), {"T": CANARY})


def test_even_a_title_made_of_a_secret_is_not_shown(tmp_path: Path) -> None:
    times = "start = 2026-01-01T00:00:00\nend = 2026-01-02T00:00:00\n"
    known = loaded(tmp_path, HTTP + QUIET.replace("Upgrade", "${T}") + times, {"T": CANARY})
    assert CANARY not in repr(known)
    assert [row for row in settings.shown(known) if CANARY in str(row)] == []


def test_the_demo_never_writes_into_a_real_store(tmp_path: Path) -> None:
    text = '[site]\ndemo = true\n[store]\nurl = "sqlite:////tmp/demo.db"\n' + HTTP
    assert loaded(tmp_path, text, {"WARDROUND_STORE_URL": "postgresql://real"}).store.url == "sqlite:////tmp/demo.db"
