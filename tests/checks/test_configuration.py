"""Every rule of the platform's variables; and no value is ever shown, kept or logged."""

from __future__ import annotations

import base64
import json
import logging
import os

import pytest
from pydantic import ValidationError

import settings
from checks import open_tools, run
from checks.configuration import RULES, Options, read
from model import Monitor, Secret, Status

CANARY = "c4n4ry7f3a91d0e5b2c4n4ry7f3a91d0e5b2XyZ"


def jwt(role: str) -> str:
    """A key of Supabase's old kind."""
    said = json.dumps({"iss": "supabase", "role": role, "ref": CANARY}).encode()
    return f"eyJhbGciOiJIUzI1NiJ9.{base64.urlsafe_b64encode(said).decode().rstrip('=')}.{CANARY}"


GOOD = {
    "NEXT_PUBLIC_SUPABASE_URL": "https://abc.supabase.co",
    "NEXT_PUBLIC_SUPABASE_ANON_KEY": jwt("anon"),
    "SUPABASE_SERVICE_ROLE_KEY": f"sb_secret_{CANARY}",
    "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": f"pk_live_{CANARY}",
    "STRIPE_SECRET_KEY": f"sk_live_{CANARY}",
    "STRIPE_WEBHOOK_SECRET": f"whsec_{CANARY}",
    "NODE_ENV": "production",
    "NEXT_PUBLIC_APP_URL": "https://shop.acme.org",
    "NEXT_PUBLIC_APP_NAME": "Shop",
    "PRIVACY_COMPLIANCE_MODE": "strict",
    "GDPR_HIPAA_VALIDATION": "enabled",
    "AUDIT_LOGGING": "enabled",
    "DATA_RETENTION_DAYS": "2557",
    "SENTRY_DSN": "https://abc123@o1.ingest.sentry.io/42",
    "SENTRY_ORG": "acme",
    "SENTRY_PROJECT": "web",
    "NEXT_PUBLIC_ANALYTICS_ID": "G-AB12CD34",
    "JWT_SECRET": CANARY,
    "ENCRYPTION_KEY": CANARY[::-1],
    "RATE_LIMIT_MAX": "100",
    "RATE_LIMIT_WINDOW": "900000",
    "SMTP_HOST": "mail.acme.org",
    "SMTP_PORT": "587",
    "SMTP_USER": "ward",
    "SMTP_PASSWORD": CANARY,
    "SMTP_FROM": "ops@acme.org",
    "BACKUP_RETENTION_DAYS": "30",
    "BACKUP_FREQUENCY": "daily",
}


@pytest.fixture
def look(tmp_path, caplog):
    """Judges an env file with these variables; nothing of a value may come out."""
    caplog.set_level(logging.DEBUG)

    async def looked(values, text=None, **options):
        file = tmp_path / ".env"
        file.write_text(text if text is not None else "".join(f"{name}={value}\n" for name, value in values.items()))
        async with open_tools() as tools:
            found = await run(Monitor("c", "C", "configuration", Options(file=file, **options)), tools)
        assert CANARY not in repr(found) + caplog.text
        assert CANARY[::-1] not in repr(found)
        return found

    return looked


def wrong(found):
    return {each.kind.removeprefix("configuration-"): each.words for each in found.findings}


async def test_all_as_they_should_be(look) -> None:
    found = await look(GOOD)
    assert (found.status, found.findings) == (Status.UP, ())
    assert len(found.parts) == len(RULES) == len(GOOD)


@pytest.mark.parametrize("name", RULES)
async def test_a_missing_one_is_named(name, look) -> None:
    found = await look({key: value for key, value in GOOD.items() if key != name})
    assert found.status is Status.DOWN
    assert wrong(found) == {name.lower(): f"{name} is missing"}
    assert found.findings[0].fix


@pytest.mark.parametrize(
    ("name", "value", "words", "status"),
    [
        ("STRIPE_SECRET_KEY", f"sk_test_{CANARY}", "test key", Status.DOWN),
        ("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", f"pk_test_{CANARY}", "test key", Status.DOWN),
        ("STRIPE_SECRET_KEY", f"pk_live_{CANARY}", "no sk_live_", Status.DEGRADED),
        ("STRIPE_WEBHOOK_SECRET", "your-webhook-secret", "placeholder", Status.DOWN),
        ("JWT_SECRET", "changeme", "placeholder", Status.DOWN),
        ("JWT_SECRET", "", "placeholder", Status.DOWN),
        ("JWT_SECRET", "a" * 60, "weak", Status.DEGRADED),
        ("ENCRYPTION_KEY", "short1234", "weak", Status.DEGRADED),
        ("NODE_ENV", "development", "is not production", Status.DEGRADED),
        ("DATA_RETENTION_DAYS", "2554", "at least 2555", Status.DEGRADED),
        ("DATA_RETENTION_DAYS", "seven years", "at least 2555", Status.DEGRADED),
        ("RATE_LIMIT_MAX", "1000", "is not 100", Status.DEGRADED),
        ("NEXT_PUBLIC_SUPABASE_URL", "http://abc.supabase.co", "https", Status.DEGRADED),
        ("SENTRY_DSN", "https://sentry.io", "DSN", Status.DEGRADED),
        ("NEXT_PUBLIC_ANALYTICS_ID", "two words", "analytics id", Status.DEGRADED),
        ("NEXT_PUBLIC_SUPABASE_ANON_KEY", jwt("authenticated"), "is no anon key", Status.DEGRADED),
        ("NEXT_PUBLIC_SUPABASE_ANON_KEY", f"eyJ{CANARY}", "claims a role", Status.DEGRADED),
        ("NEXT_PUBLIC_SUPABASE_ANON_KEY", "eyJ.!.x", "claims a role", Status.DEGRADED),
        ("SUPABASE_SERVICE_ROLE_KEY", jwt("anon"), "is no service_role key", Status.DEGRADED),
        ("SMTP_PORT", "25", "587", Status.DEGRADED),
        ("SMTP_FROM", "nobody", "e-mail", Status.DEGRADED),
        ("NEXT_PUBLIC_APP_NAME", "<your app>", "placeholder", Status.DOWN),
    ],
)
async def test_a_wrong_one_is_named_with_its_rule(name, value, words, status, look) -> None:
    found = await look(GOOD | {name: value})
    assert found.status is status
    assert words in wrong(found)[name.lower()]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEXT_PUBLIC_STRIPE_SECRET_KEY", CANARY),
        ("NEXT_PUBLIC_API", f"sk_live_{CANARY}"),
        ("NEXT_PUBLIC_SERVICE_ROLE", CANARY),
        ("NEXT_PUBLIC_SUPABASE_ANON_KEY", jwt("service_role")),
        ("NEXT_PUBLIC_SUPABASE_ANON_KEY", f"sb_secret_{CANARY}"),
        ("NEXT_PUBLIC_WHATEVER", jwt("service_role")),
    ],
)
async def test_a_secret_in_a_public_name_is_grave(name, value, look) -> None:
    found = await look(GOOD | {name: value})
    assert found.status is Status.DOWN
    assert "public name" in wrong(found)[name.lower()]


async def test_a_test_environment_may_have_test_keys(look) -> None:
    found = await look(GOOD | {"STRIPE_SECRET_KEY": f"sk_test_{CANARY}"}, environment="test")
    assert found.status is Status.UP


async def test_names_alone_tell_what_is_missing_and_what_is_public() -> None:
    options = Options(names=[*(set(GOOD) - {"JWT_SECRET"}), "NEXT_PUBLIC_JWT_SECRET"])
    async with open_tools() as tools:
        found = await run(Monitor("c", "C", "configuration", options), tools)
    assert set(wrong(found)) == {"jwt_secret", "next_public_jwt_secret"}


async def test_names_that_are_there_are_not_called_right() -> None:
    async with open_tools() as tools:
        found = await run(Monitor("c", "C", "configuration", Options(names=list(GOOD))), tools)
    assert found.status is Status.UP
    assert found.words == f"{len(GOOD)} variables there; no value was seen"
    assert {part.words for part in found.parts} == {"there, value not seen"}
    assert dict(found.facts) == {"there": f"{len(GOOD)} of {len(GOOD)}", "source": "names"}


async def test_the_process_can_be_judged_that_the_watch_was_started_with(caplog) -> None:
    caplog.set_level(logging.DEBUG)
    started = GOOD | {"STRIPE_SECRET_KEY": f"sk_test_{CANARY}", "NEXT_PUBLIC_X": jwt("service_role"), "PATH": "/bin"}
    with_values = {name: Secret(value) for name, value in started.items()}
    async with open_tools(environment=lambda: with_values) as tools:
        found = await run(Monitor("c", "C", "configuration", Options(process=True)), tools)
    assert set(wrong(found)) == {"stripe_secret_key", "next_public_x"}
    assert dict(found.facts)["source"] == "process"
    assert CANARY not in repr(found) + caplog.text


def test_the_environment_is_handed_on_as_secrets(monkeypatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", CANARY)
    handed = settings.environment()
    assert handed["STRIPE_SECRET_KEY"].reveal() == CANARY
    assert CANARY not in repr(handed)


def readiness(ready: bool, message: str = "") -> dict[str, object]:
    others = [{"component": name, "ready": True, "message": ""} for name in ("database", "services")]
    return {"status": "ready", "checks": [others[0], {"component": "environment", "ready": ready, "message": message}]}


@pytest.mark.parametrize(
    ("code", "body", "status", "named"),
    [
        (200, readiness(True), Status.UP, set()),
        (503, readiness(False, "Missing: STRIPE_SECRET_KEY"), Status.DOWN, {"stripe_secret_key"}),
        (503, readiness(False, "Missing: STRIPE_SECRET_KEY, DATABASE_URL"), Status.DOWN,
         {"stripe_secret_key", "database_url"}),
        (503, readiness(False, "Missing: <b>, "), Status.UNKNOWN, set()),
        (503, readiness(False, "something broke"), Status.UNKNOWN, set()),
        (503, {"status": "error", "error": "boom"}, Status.UNKNOWN, set()),
        (200, {"status": "ready", "checks": {"environment": True}}, Status.UNKNOWN, set()),
        (200, ["ready"], Status.UNKNOWN, set()),
    ],
)  # fmt: skip
async def test_the_readiness_answer_names_what_is_missing(code, body, status, named, serve, tools) -> None:
    text = json.dumps(body).encode()
    port = await serve(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (code, len(text), text))
    options = Options(ready=f"http://127.0.0.1:{port}/api/health/ready")

    found = await run(Monitor("c", "C", "configuration", options), tools)

    assert (found.status, set(wrong(found))) == (status, named)
    if status is Status.UP:
        assert found.words == "4 variables there; no value was seen"


async def test_a_platform_that_does_not_answer_says_nothing_of_its_variables(tools) -> None:
    options = Options(ready="http://127.0.0.1:9/api/health/ready")
    found = await run(Monitor("c", "C", "configuration", options), tools)
    assert (found.status, found.words) == (Status.UNKNOWN, "the readiness address gives no answer")


async def test_what_is_not_needed_is_left_out_and_more_can_be_wanted(look) -> None:
    found = await look({"A_KEY": "x"}, without=list(RULES), also=["A_KEY", "B_KEY"])
    assert wrong(found) == {"b_key": "B_KEY is missing"}


def test_env_files_as_people_write_them(tmp_path) -> None:
    file = tmp_path / ".env"
    lines = [
        b"# comment",
        b"export A = 'x y'",
        b'B="1 # 2"',
        b"C=3 # three",
        b"  D=",
        b"=5",
        b"nonsense",
        b"#E=1",
        b"F=a=b",
    ]
    file.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join([*lines, b"\xff\xfe"]))
    assert read(file) == {"A": "x y", "B": "1 # 2", "C": "3", "D": "", "F": "a=b"}


async def test_a_file_that_is_not_there_is_unknown(tmp_path) -> None:
    async with open_tools() as tools:
        found = await run(Monitor("c", "C", "configuration", Options(file=tmp_path / "no")), tools)
    assert found.status is Status.UNKNOWN


async def test_a_file_that_may_not_be_read_is_unknown(tmp_path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    file = tmp_path / ".env"
    file.touch(mode=0)
    async with open_tools() as tools:
        assert (await run(Monitor("c", "C", "configuration", Options(file=file)), tools)).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "wrong_options",
    [
        {},
        {"file": "/x", "names": ["A"]},
        {"names": ["a b"]},
        {"file": "/x", "also": ["1"]},
        {"process": True, "names": ["A"]},
        {"ready": "nowhere"},
        {"ready": "http://x.example/", "also": ["A"]},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong_options) -> None:
    with pytest.raises(ValidationError):
        Options(**wrong_options)
