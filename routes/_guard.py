"""The outermost layer: who may ask, how much, and what every answer carries. Decides on scope["path"] alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

import settings

# script: Streamlit's own bundle, and WebAssembly for its Arrow reader; no eval, no inline script
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
CLOSED = ("/_stcore/upload_file", "/_stcore/metrics", "/_stcore/agent", "/_stcore/bidi-components-upload")
BODY = 16 * 1024  # bytes of any request that carries some
Header = tuple[bytes, bytes]


class Guard:
    """Pure ASGI: no answer leaves without the headers, no body beyond the cap comes in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = _refusal(scope)
        if scope["type"] == "websocket":
            await (_close(send) if refusal else self.app(scope, receive, send))
            return
        dressed = _dressed(scope, send)
        if refusal:
            await _say(dressed, *refusal)
            return
        await self._bounded(scope, receive, dressed)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the body on while it is within the cap, and answers 404 and 405 of /api/ in JSON."""
        seen, answered, refused = 0, False, False

        async def counted() -> Message:
            nonlocal seen, refused
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > BODY and not answered:
                refused = True
                await _say(send, 413, f"a body of more than {BODY} bytes")
                return {"type": "http.disconnect"}
            return message

        async def once(message: Message) -> None:
            nonlocal answered
            if refused:
                return
            answered = True
            await send(message)

        await self.app(scope, counted, once)


def _refusal(scope: Scope) -> tuple[int, str] | None:
    """(status, words) of what is not let in."""
    headers = dict(scope["headers"])
    path = scope["path"]
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1 or not _known(hosts[0].decode("latin-1")):
        return 400, "this host is not served here"
    if path.startswith(CLOSED):
        return 404, "there is nothing here"
    if scope["type"] == "websocket":
        origin = headers.get(b"origin", b"").decode("latin-1")
        return (
            (403, "a page of another site")
            if origin and urlsplit(origin).netloc != hosts[0].decode("latin-1")
            else None
        )
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > BODY:
        return 413, f"a body of more than {BODY} bytes"
    return _door(path, scope["method"])


def _known(host: str) -> bool:
    allowed = settings.current().server.allowed_hosts
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    plain = all(char.isalnum() or char in ".-:[]_" for char in host)
    return plain and bool(host) and (not allowed or name.lower() in {each.lower() for each in allowed})


def _door(path: str, method: str) -> tuple[int, str] | None:
    """Streamlit answers every unknown path with the page: what looks like a door and is none is said so here."""
    if not path.startswith(("/api/", "/badge/")) and path not in ("/api", "/metrics"):
        return None
    import registry

    routes = [route for module in registry.members("routes").values() for route in module.ROUTES]
    fitting = [route for route in routes if route.path_regex.match(path)]
    if not fitting:
        return 404, "there is nothing here"
    return None if any(method in route.methods for route in fitting) else (405, f"{method} is not possible here")


def _dressed(scope: Scope, send: Send) -> Send:
    secure = scope.get("scheme") == "https"

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in HEADERS}
            kept = [(n, v) for n, v in message.get("headers", []) if n.lower() not in own | {b"server"}]
            message = {**message, "headers": [*_cookies(kept, secure), *HEADERS]}
        await send(message)

    return dressed


def _cookies(headers: Iterable[Header], secure: bool) -> Iterable[Header]:
    """Over https a cookie goes back over https alone."""
    for name, value in headers:
        lacking = secure and name.lower() == b"set-cookie" and b"secure" not in value.lower()
        yield name, value + b"; Secure" if lacking else value


async def _say(send: Send, status: int, words: str) -> None:
    body = json.dumps({"error": words}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers.append((b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _close(send: Send) -> None:
    await send({"type": "websocket.close", "code": 1008})
