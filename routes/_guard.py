"""The outermost layer: who may ask, how much, and what every answer carries. Decides on scope["path"] alone."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import settings
from routes._intake import Refusal, taken_in
from routes._policy import dressed, policy

log = logging.getLogger("wardround.server")
# Streamlit's own doors that nobody here needs: uploads fill the memory, figures tell of the inside
CLOSED = ("/_stcore/upload_file", "/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
OURS = ("/api/", "/badge/", "/metrics/")  # Streamlit would answer an unknown path below these with the page, and 200
HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


class Guard:
    """Pure ASGI. ``doors`` are our own routes, ``page`` is Streamlit's index.html."""

    def __init__(self, app: ASGIApp, doors: Sequence[BaseRoute], page: str = "") -> None:
        self.app = app
        self.doors = doors
        self.policy = policy(page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, dressed(scope, send, self.policy))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _known_host(scope)
            self._known_door(scope)
            body = await taken_in(scope, receive)
        except Refusal as refusal:
            await _say(send, refusal)
        else:
            await self._answered(scope, body, send)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Our own mistakes are answered here: Starlette's 500 is made outside of this layer, without the headers."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception:
            log.exception("%s %s broke", scope["method"], scope["path"].encode("unicode_escape").decode())
            if not begun:
                await _say(send, Refusal(500, "something broke in here; the log says what"))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _own_origin(scope, _known_host(scope))
        except Refusal as refusal:
            await _turn_away(scope, receive, dressed(scope, _as_websocket(send), self.policy), refusal)
        else:
            await self.app(scope, receive, send)

    def _known_door(self, scope: Scope) -> None:
        path = scope["path"]
        if path.startswith(CLOSED):
            raise Refusal(404, "there is nothing here")
        if path.startswith(OURS) or f"{path}/" in OURS:
            found = {route.matches(scope)[0] for route in self.doors}
            if Match.FULL not in found:
                if Match.PARTIAL in found:
                    raise Refusal(405, f"{scope['method']} is not possible here")
                raise Refusal(404, "there is nothing here")


def _values(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]


def _known_host(scope: Scope) -> str:
    """The one Host that was asked for; Refusal when there is none, more than one, a forged or a foreign one."""
    hosts = _values(scope, b"host")
    if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
        raise Refusal(400, "expected one plain Host header")
    name = re.sub(r":\d+$", "", hosts[0]).lower()
    allowed = settings.current().server.allowed_hosts
    if allowed and not any(_fits(name, each.lower()) for each in allowed):
        raise Refusal(400, "this host is not served here")
    return hosts[0].lower()


def _fits(name: str, allowed: str) -> bool:
    return name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:]))


def _own_origin(scope: Scope, host: str) -> None:
    """Only our own pages talk over the websocket; a program that names no origin may."""
    for origin in _values(scope, b"origin"):
        try:
            foreign = urlsplit(origin).netloc.lower() != host
        except ValueError:
            foreign = True
        if foreign:
            raise Refusal(403, "pages of other sites are not served here")


async def _say(send: Send, refusal: Refusal) -> None:
    body = json.dumps({"error": refusal.words}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    headers += [(b"connection", b"close")] if refusal.status in (400, 408, 413) else []  # a body may be on its way
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _turn_away(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    await receive()  # the wish to connect
    if "websocket.http.response" in scope.get("extensions", {}):
        await _say(send, refusal)
    else:
        await send({"type": "websocket.close", "code": 1008})


def _as_websocket(send: Send) -> Send:
    """An HTTP answer to a websocket's wish has names of its own."""

    async def renamed(message: Message) -> None:
        kind = message["type"]
        await send({**message, "type": f"websocket.{kind}" if kind.startswith("http.") else kind})

    return renamed
