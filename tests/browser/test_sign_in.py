"""In a real browser, with a real provider: who signs in signs under issuer and subject, and nobody else does."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, expect

from data import audit
from tests.browser.conftest import Server, copied, running
from tests.browser.identity import (
    CLIENT,
    SECRET,
    Claims,
    Maker,
    Provider,
    compact,
    honest,
    hs256,
    providing,
    public,
    rs256,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]
KEY, COOKIES = "an-audit-key-of-the-test", "canary-of-the-cookies-0123456789"
USER = "_streamlit_user"  # the cookie by which Streamlit knows a person
TOML = f"""
[site]
name = "Shop"
[store]
url = "sqlite:///{{folder}}/store.db"
[server]
audit_key = "{KEY}"
[[monitor]]
key = "nightly"
check = "heartbeat"
period = "1d"
token = "canary-of-the-job-0123456789"
"""
LIST = """
[[checklist]]
key = "{key}"
name = "{key}"
[[checklist.item]]
key = "login"
title = "The login flow works"
"""


def secrets(home: Path, provider: Provider) -> None:
    """What the example says, filled in as a person would."""
    said = (home / ".streamlit" / "secrets.toml.example").read_text(encoding="utf-8")
    filled = {
        "redirect_uri": "http://127.0.0.1:{port}/oauth2callback",
        "cookie_secret": COOKIES,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "server_metadata_url": f"{provider.issuer}/.well-known/openid-configuration",
    }
    for name, value in filled.items():
        said, lines = re.subn(rf'^{name} = "[^"]*"', f'{name} = "{value}"', said, flags=re.MULTILINE)
        assert lines == 1, name
    (home / ".streamlit" / "secrets.toml").write_text(said, encoding="utf-8")


@pytest.fixture(scope="module")
def provided() -> Iterator[Provider]:
    with providing() as provider:
        yield provider


@pytest.fixture
def provider(provided: Provider) -> Provider:
    """The provider, honest at first."""
    provided.claims, provided.token = {}, honest
    provided.asked.clear()
    return provided


@pytest.fixture(scope="module")
def wardround(provided: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = copied(tmp_path_factory.mktemp("signing") / "wardround")
    lists = "".join(LIST.format(key=key) for key in ("fresh", "old"))
    (home / "wardround.toml").write_text(TOML.format(folder=home) + lists, encoding="utf-8")
    secrets(home, provided)
    with running(home) as server:
        yield server


def trail(server: Server) -> list[tuple[str, str, dict[str, str]]]:
    rows = sqlite3.connect(server.home / "store.db").execute(
        "select actor, subject, detail from audit where action = 'signed'"
    )
    return [(actor, subject, dict(json.loads(detail))) for actor, subject, detail in rows]


def sign(page: Page) -> None:
    page.locator("[data-testid=stForm] [data-testid=stSelectbox]").click()
    page.get_by_role("option", name="The login flow works").click()
    page.get_by_role("button", name="Write it down").click()


def test_who_signs_in_signs_and_signs_out(provider: Provider, wardround: Server, page: Page) -> None:
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(f"{wardround.url}/checklist?checklist=fresh")
    expect(page.locator(".wr-head")).to_have_text("UNSURE")
    expect(page.get_by_text("Nobody signs by a typed name here: sign in first.")).to_be_visible()
    expect(page.locator("[data-testid=stForm]")).to_have_count(0)
    page.get_by_role("button", name="Sign in to sign").click()
    page.wait_for_url(f"{wardround.url}/")
    asked = dict(provider.asked)["/authorize"]
    assert asked["prompt"] == "login", "the example asks for a fresh sign-in"

    page.goto(f"{wardround.url}/checklist?checklist=fresh")
    expect(page.get_by_text("Signed in as Ada Lovelace")).to_be_visible()
    expect(page.get_by_role("textbox", name="Role")).to_be_visible()
    expect(page.get_by_role("textbox", name="Name")).to_have_count(0)
    sign(page)
    expect(page.locator(".wr-head")).to_have_text("GO")
    expect(page.get_by_text("signed by Ada Lovelace (no role)")).to_be_visible()
    person = audit.identity(f"{provider.issuer}\n7", KEY.encode())
    assert trail(wardround) == [(person, "fresh/-/login", {"verified": "yes"})]

    kept = {each["name"]: each for each in page.context.cookies(wardround.url)}[USER]
    assert (kept["httpOnly"], kept["sameSite"], kept["secure"]) == (True, "Lax", False)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{wardround.url}/")
    assert "/logout" in dict(provider.asked), "who signs out here signs out there"
    assert not [each for each in page.context.cookies(wardround.url) if each["name"].startswith(USER)]
    page.goto(f"{wardround.url}/checklist?checklist=fresh")
    expect(page.get_by_role("button", name="Sign in to sign")).to_be_visible()
    expect(page.locator("[data-testid=stForm]")).to_have_count(0)
    assert not refused


def test_an_old_sign_in_signs_nothing(provider: Provider, wardround: Server, page: Page) -> None:
    provider.claims = {"iat": int(time.time()) - 16 * 60}
    page.goto(f"{wardround.url}/checklist?checklist=old")
    page.get_by_role("button", name="Sign in to sign").click()
    page.wait_for_url(f"{wardround.url}/")
    page.goto(f"{wardround.url}/checklist?checklist=old")
    expect(page.get_by_role("button", name="Sign in again")).to_be_visible()
    sign(page)
    expect(page.get_by_text("your sign-in is older than 15 minutes: sign in again")).to_be_visible()
    expect(page.locator(".wr-head")).to_have_text("UNSURE")
    assert "old/-/login" not in [subject for _, subject, _ in trail(wardround)]

    provider.claims = {}
    page.get_by_role("button", name="Sign in again").click()
    page.wait_for_url(f"{wardround.url}/")
    page.goto(f"{wardround.url}/checklist?checklist=old")
    sign(page)
    expect(page.locator(".wr-head")).to_have_text("GO")


def begin(server: Server) -> str:
    """Where the page's button leads."""
    claims = {"provider": "default", "exp": int(time.time()) + 60}
    return f"{server.url}/auth/login?provider={compact({'alg': 'HS256'}, claims, hs256(COOKIES.encode()))}"


def client(**more: Any) -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=30, **more)


def signed_in(server: Server) -> bool:
    with client(follow_redirects=True) as browser:
        assert browser.get(begin(server)).url == f"{server.url}/", "back on the first page, come what may"
        return USER in browser.cookies


def stranger(provider: Provider, claims: Claims) -> str:
    return compact({"alg": "RS256", "kid": "one"}, claims, rs256(generate_private_key(65537, 2048)))


def carried(provider: Provider, claims: Claims) -> str:
    """The token brings the key that it is to be checked by; a short one, as no header of 512 bytes is read."""
    key = generate_private_key(65537, 1024)
    return compact({"alg": "RS256", "kid": "one", "jwk": public(key)}, claims, rs256(key))


def by_public_key(provider: Provider, claims: Claims) -> str:
    pem = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return compact({"alg": "HS256", "kid": "one"}, claims, hs256(pem))


def said(**header: Any) -> Maker:
    return lambda provider, claims: compact({"alg": "RS256", "kid": "one"} | header, claims, rs256(provider.key))


def unsealed(provider: Provider, claims: Claims) -> str:
    return compact({"alg": "none"}, claims, lambda _: b"")


def ago(minutes: int) -> int:
    return int(time.time()) - 60 * minutes


BAD: dict[str, tuple[Maker, Callable[[], Claims]]] = {
    "alg none": (unsealed, dict),
    "HS256 with the public key": (by_public_key, dict),
    "a stranger's key": (stranger, dict),
    "a key in the token": (carried, dict),
    "unknown crit": (said(crit=["cash"], cash=1), dict),
    "aud": (honest, lambda: {"aud": "another client"}),
    "iss": (honest, lambda: {"iss": "https://another.example"}),
    "nonce": (honest, lambda: {"nonce": "another"}),
    "expired": (honest, lambda: {"iat": ago(20), "exp": ago(10)}),
    "from tomorrow": (honest, lambda: {"iat": ago(-1440), "exp": ago(-1500)}),
    "no sub": (honest, lambda: {"sub": None}),
}


def test_the_same_way_with_an_honest_token_signs_in(provider: Provider, wardround: Server) -> None:
    assert signed_in(wardround)


@pytest.mark.parametrize("what", BAD)
def test_a_token_that_is_wrong_signs_nobody_in(provider: Provider, wardround: Server, what: str) -> None:
    provider.token, lie = BAD[what]
    provider.claims = lie()
    assert not signed_in(wardround)


def test_who_is_lured_to_the_end_of_anothers_sign_in_is_not_signed_in(provider: Provider, wardround: Server) -> None:
    with client() as mine, client(follow_redirects=True) as another:
        there = mine.get(begin(wardround)).headers["location"]
        callback = mine.get(there).headers["location"]
        another.get(callback)
        assert USER not in another.cookies
        mine.get(callback)
        assert USER in mine.cookies


def test_behind_https_every_cookie_of_a_sign_in_is_secure(provider: Provider, wardround: Server) -> None:
    with client(headers={"X-Forwarded-Proto": "https"}) as browser:
        begun = browser.get(begin(wardround))
        state = begun.headers["set-cookie"]
        callback = browser.get(begun.headers["location"]).headers["location"]
        ended = browser.get(callback, headers={"Cookie": state.partition(";")[0]})
        crumbs = [state, *ended.headers.get_list("set-cookie")]
    assert [each for each in crumbs if each.startswith(f"{USER}=")]
    assert [each for each in crumbs if not re.search(r"(?i); secure\b", each) or "httponly" not in each.lower()] == []


def test_no_secret_of_a_sign_in_is_in_the_log(provider: Provider, wardround: Server) -> None:
    provider.token = stranger
    assert not signed_in(wardround)
    log = wardround.log.read_text(encoding="utf-8", errors="replace")
    assert "OAuth token exchange failed" in log, "it says why nobody came in"
    assert [each for each in (SECRET, COOKIES, KEY, "an-access-token", "eyJ") if each in log] == []
