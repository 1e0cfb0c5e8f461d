"""A small OpenID Connect provider on loopback: it knows one person, asks nothing, and lies when a test wants it to.

Its tokens are put together by hand, so that a library which refuses to make a bad one does not keep a test from it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from tests.browser.conftest import free_port

Claims = dict[str, Any]
Maker = Callable[["Provider", Claims], str]
CLIENT, SECRET = "wardround", "canary-of-the-client-0123456789"


def base64url(said: bytes) -> str:
    return urlsafe_b64encode(said).rstrip(b"=").decode()


def compact(header: Mapping[str, Any], claims: Mapping[str, Any], seal: Callable[[bytes], bytes]) -> str:
    """A token in compact form, whatever it says of itself."""
    said = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{said}.{base64url(seal(said.encode()))}"


def rs256(key: RSAPrivateKey) -> Callable[[bytes], bytes]:
    return lambda said: key.sign(said, PKCS1v15(), SHA256())


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda said: hmac.digest(secret, said, "sha256")


def public(key: RSAPrivateKey) -> dict[str, str]:
    """The public half, as a JSON Web Key."""
    numbers = key.public_key().public_numbers()
    n, e = (base64url(each.to_bytes((each.bit_length() + 7) // 8, "big")) for each in (numbers.n, numbers.e))
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", "n": n, "e": e}


def honest(provider: Provider, claims: Claims) -> str:
    return compact({"alg": "RS256", "kid": "one"}, claims, rs256(provider.key))


@dataclass
class Provider:
    """``claims`` and ``token`` are what a test may change; ``asked`` is what came to each door, newest last."""

    port: int = field(default_factory=free_port)
    key: RSAPrivateKey = field(default_factory=lambda: generate_private_key(65537, 2048))
    claims: Claims = field(default_factory=dict)
    token: Maker = honest
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def metadata(self) -> Claims:
        doors = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        doors |= {"end_session_endpoint": "logout"}
        return {name: f"{self.issuer}/{path}" for name, path in doors.items()} | {
            "issuer": self.issuer,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, said: dict[str, str]) -> str:
        """Where the browser goes back to: the person has said yes."""
        assert (said["client_id"], said["response_type"]) == (CLIENT, "code")
        assert "openid" in said["scope"].split()
        code = token_urlsafe(9)
        self.codes[code] = said
        return f"{said['redirect_uri']}?{urlencode({'code': code, 'state': said['state']})}"

    def tokens(self, said: dict[str, str], authorization: str) -> Claims | None:
        """What a code is worth, once, to who has the secret and began with it; None when it is worth nothing."""
        asked = self.codes.pop(said.get("code", ""), None)
        who = b64decode(authorization.removeprefix("Basic ")).decode()
        proof = base64url(hashlib.sha256(said.get("code_verifier", "").encode()).digest())
        if asked is None or unquote(who) != f"{CLIENT}:{SECRET}" or asked["code_challenge"] != proof:
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "7", "aud": CLIENT, "iat": now, "exp": now + 3600}
        claims |= {"nonce": asked["nonce"], "name": "Ada Lovelace"} | self.claims
        return {"access_token": "an-access-token", "token_type": "Bearer", "id_token": self.token(self, claims)}


@contextmanager
def providing() -> Iterator[Provider]:
    provider = Provider()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            at = urlsplit(self.path)
            said = dict(parse_qsl(at.query))
            provider.asked.append((at.path, said))
            if at.path == "/authorize":
                self._say(302, None, provider.authorize(said))
            elif at.path == "/logout":
                self._say(302, None, said["post_logout_redirect_uri"])
            elif at.path == "/jwks":
                self._say(200, {"keys": [public(provider.key)]})
            elif at.path == "/.well-known/openid-configuration":
                self._say(200, provider.metadata())
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            found = provider.tokens({name: values[0] for name, values in body.items()}, self.headers["Authorization"])
            self._say(200, found) if found else self._say(400, {"error": "invalid_grant"})

        def _say(self, status: int, said: Claims | None, location: str = "") -> None:
            body = json.dumps(said).encode() if said is not None else b""
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", provider.port), Door)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield provider
    server.shutdown()
    server.server_close()
