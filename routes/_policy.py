"""What every answer carries: security headers, and a policy under which a browser runs Streamlit and nothing else."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

from starlette.types import Message, Scope, Send

import settings
from routes import _peer

Header = tuple[bytes, bytes]
POLICY = (
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'{inline}",  # WebAssembly reads Arrow tables; there is no eval
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",  # the websocket of the same host included
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
HEADERS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
TLS_ONLY: Header = (b"strict-transport-security", b"max-age=31536000")
BEACONS = "/api/vitals"
EMBEDDED = ("/badge/", BEACONS)  # other sites show these pictures, and send there; nothing else of ours


def policy(page: str = "") -> bytes:
    """The Content-Security-Policy; the inline scripts of ``page`` (Streamlit's index.html) are let in by their hash."""
    inline = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = "".join(f" 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in inline)
    return "; ".join(POLICY).format(inline=hashes).encode()


class Dress:
    """Gives a ``send`` whose answers carry the headers; cookies go back over https alone when they came so."""

    def __init__(self, content_policy: bytes) -> None:
        plain = (*HEADERS, (b"content-security-policy", content_policy))
        whose = {True: b"cross-origin", False: b"same-origin"}
        self._plain = {each: (*plain, (b"cross-origin-resource-policy", whose[each])) for each in whose}

    def __call__(self, scope: Scope, send: Send) -> Send:
        secure = _peer.secure(scope)
        ours = [*self._plain[scope["path"].startswith(EMBEDDED)], *([TLS_ONLY] if secure else []), *_shared(scope)]
        names = {name for name, _ in ours} | {b"server"}

        async def carrying(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in names]
                message = {**message, "headers": [*_cookies(kept, secure), *ours]}
            await send(message)

        return carrying


def _shared(scope: Scope) -> Iterable[Header]:
    """Pages of the platform may read every answer to their beacons: unread, a refusal looks like an error of CORS."""
    if scope["path"] == BEACONS:
        origin = next((value for name, value in scope["headers"] if name == b"origin"), b"")
        yield b"vary", b"Origin"
        if origin.decode("latin-1").lower() in settings.current().vitals.origins:
            yield b"access-control-allow-origin", origin


def _cookies(headers: Iterable[Header], secure: bool) -> Iterable[Header]:
    for name, value in headers:
        lacking = secure and name.lower() == b"set-cookie" and b"secure" not in value.lower()
        yield name, value + b"; Secure" if lacking else value
