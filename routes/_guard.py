"""The outermost layer: who may ask, how much, and what every answer carries. Decides on scope["path"] alone."""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import settings
from routes._door import Door
from routes._intake import Refusal, taken_in
from routes._policy import Dress, policy

log = logging.getLogger("wardround.server")
# Streamlit's own doors that nobody here needs: uploads fill the memory, figures tell of the inside
CLOSED = ("/_stcore/upload_file", "/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
OURS = ("/api/", "/badge/", "/metrics/")  # Streamlit would answer an unknown path below these with the page, and 200
PLAIN = "expected one plain Host header"
HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


class Guard:
    """Pure ASGI. ``doors`` are our own routes, ``page`` is Streamlit's index.html."""

    def __init__(self, app: ASGIApp, doors: Sequence[BaseRoute], page: str = "") -> None:
        self.app = app
        self.dressed = Dress(policy(page))
        self.fixed: defaultdict[str, list[BaseRoute]] = defaultdict(list)  # doors by their path
        self.shaped: list[BaseRoute] = []  # those whose path has a parameter
        for door in doors:
            fixed = isinstance(door, Route) and not door.param_convertors
            (self.fixed[door.path] if fixed else self.shaped).append(door)  # type: ignore[attr-defined]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, self.dressed(scope, send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        door: ASGIApp = self.app
        try:
            _known_host(scope)
            door = self._known_door(scope)
            body = await taken_in(scope, receive)
        except Refusal as refusal:
            if isinstance(door, Door):
                door.refused()
            await _say(send, refusal)
        else:
            await self._answered(door, scope, body, send)

    async def _answered(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Our own mistakes are answered here: Starlette's 500 is made outside of this layer, without the headers."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, noted)
        except Exception:
            log.exception("%s %s broke", scope["method"], scope["path"].encode("unicode_escape").decode())
            if not begun:
                await _say(send, Refusal(500, "something broke in here; the log says what"))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _own_origin(scope, _known_host(scope))
        except Refusal as refusal:
            await _turn_away(scope, receive, self.dressed(scope, _as_websocket(send)), refusal)
        else:
            await self.app(scope, receive, send)

    def _known_door(self, scope: Scope) -> ASGIApp:
        """What answers: the door itself where it is one that the guard opens, else the layers below."""
        path = scope["path"]
        if path.startswith(CLOSED):
            raise Refusal(404, "there is nothing here")
        if not path.startswith(OURS) and f"{path}/" not in OURS:
            return self.app
        partial = False
        for door in (*self.fixed.get(path, ()), *self.shaped):
            match = door.matches(scope)[0]
            if match is Match.FULL:
                inside = getattr(door, "app", None)
                return inside if isinstance(inside, Door) else self.app
            partial = partial or match is Match.PARTIAL
        if partial:
            raise Refusal(405, f"{scope['method']} is not possible here")
        raise Refusal(404, "there is nothing here")


def _values(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]


def _known_host(scope: Scope) -> str:
    """The one Host that was asked for; Refusal when there is none, more than one, a forged or a foreign one."""
    hosts = _values(scope, b"host")
    words = _unknown(hosts[0], settings.current().server.allowed_hosts) if len(hosts) == 1 else PLAIN
    if words:
        raise Refusal(400, words)
    return hosts[0].lower()


@lru_cache(maxsize=64)
def _unknown(host: str, allowed: tuple[str, ...]) -> str:
    """Why this host is not served; empty when it is."""
    if not HOST.fullmatch(host):
        return PLAIN
    name = re.sub(r":\d+$", "", host).lower()
    if allowed and not any(_fits(name, each.lower()) for each in allowed):
        return "this host is not served here"
    return ""


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
