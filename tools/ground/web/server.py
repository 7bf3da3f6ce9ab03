"""The page and its two documents over HTTP: GET alone, a bounded number of clients, nothing from elsewhere.

    /               the page         /page.css /page.js ...    its assets          /palette.css   the project's colours
    /words.json     the dictionary   /now.json                 the last second     /course.json   plots and map

A document is made once for all who ask within its time, so that many viewers cost little more than one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from hal.clock import SECOND_NS, Clock
from tools.ground.console.picture import Picture
from tools.ground.web import told
from tools.ground.web.feed import Feed
from tools.ground.web.sky import Sky
from tools.palette import DARK, LIGHT, css_variables

Answer = Callable[[Request], Awaitable[Response]]

ASSETS = Path(__file__).parent / "assets"
FILES = {
    "page.css": "text/css", "page.js": "text/javascript", "plot.js": "text/javascript", "map.js": "text/javascript",
    "draw.js": "text/javascript", "coast.json": "application/json", "icon.svg": "image/svg+xml",
}  # fmt: skip
LOOPBACK = ("127.0.0.1", "localhost", "::1")
CONNECTIONS_MOST = 64  # a browser opens six at once; one more is told 503
FIRST_REQUEST_S = 10.0  # who connects and says nothing for so long is let go
KEEP_ALIVE_S = 5
NOW_NS, COURSE_NS = SECOND_NS // 2, 5 * SECOND_NS  # for how long a document is good
SAFE = {
    b"content-security-policy": b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-cache",
}


class Cached:
    """A document that is made anew when it is asked for and older than `good_ns`."""

    def __init__(self, make: Callable[[], dict[str, Any]], clock: Clock, good_ns: int) -> None:
        self._make, self._clock, self._good_ns = make, clock, good_ns
        self._made_ns: int | None = None
        self._octets = b""

    def octets(self) -> bytes:
        """The document as JSON."""
        now_ns = self._clock.now_ns()
        if self._made_ns is None or now_ns - self._made_ns >= self._good_ns:
            self._octets = json.dumps(self._make(), separators=(",", ":"), allow_nan=False).encode()
            self._made_ns = now_ns
        return self._octets


class Documents:
    """The JSON documents of one mission."""

    def __init__(self, picture: Picture, feed: Feed, sky: Sky | None, clock: Clock) -> None:
        self._picture, self._feed, self._sky = picture, feed, sky
        words = json.dumps(told.words(), separators=(",", ":")).encode()
        self.all: dict[str, Callable[[], bytes]] = {
            "words.json": lambda: words,
            "now.json": Cached(self._now, clock, NOW_NS).octets,
            "course.json": Cached(self._course, clock, COURSE_NS).octets,
        }

    def _now(self) -> dict[str, Any]:
        with self._picture.lock:
            moment = self._feed.moment()
            self._picture.tick(moment)
            return told.now(self._picture, moment, self._feed.onboard_utc_ns(moment), self._sky)

    def _course(self) -> dict[str, Any]:
        with self._picture.lock:
            return told.course(self._picture, self._feed.onboard_utc_ns(self._feed.moment()), self._sky)


def application(documents: Documents, hosts: tuple[str, ...]) -> ASGIApp:
    """The page as an ASGI application; `hosts` are the names by which browsers may call it, "*" for any.

    On loopback the names keep a page from elsewhere from reading this one through a name of its own (DNS rebinding).
    """
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{css_variables(DARK)}}}}}"
    colours = f":root{{{css_variables(LIGHT)}}}{dark}".encode()
    routes = [Route("/", _file("page.html", "text/html")), Route("/palette.css", _fixed(colours, "text/css"))]
    routes += [Route(f"/{name}", _file(name, kind)) for name, kind in FILES.items()]
    routes += [Route(f"/{name}", _document(octets)) for name, octets in documents.all.items()]
    middleware = [Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)), Middleware(GZipMiddleware)]
    return _guarded(Starlette(routes=routes, middleware=middleware))


def server_of(app: ASGIApp) -> uvicorn.Server:
    """What serves `app` on sockets that are handed to it: HTTP alone, no lifespan, no log of who reads."""
    config = uvicorn.Config(
        app, http=Impatient, ws="none", loop="asyncio", lifespan="off", log_level="warning", access_log=False,
        server_header=False, proxy_headers=False, limit_concurrency=CONNECTIONS_MOST, timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    return uvicorn.Server(config)


class Impatient(H11Protocol):
    """HTTP that lets go of a connection on which no request comes, so that nobody can hold them all."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(FIRST_REQUEST_S, self._check)

    def _check(self) -> None:
        if not self.cycle and not self.transport.is_closing():
            self.transport.close()


def _file(name: str, kind: str) -> Answer:
    """An asset, read once: what a browser asks for never becomes a path."""
    return _fixed((ASSETS / name).read_bytes(), kind)


def _fixed(octets: bytes, kind: str) -> Answer:
    return _document(lambda: octets, kind)


def _document(octets: Callable[[], bytes], kind: str = "application/json") -> Answer:
    async def answer(_request: Request) -> Response:
        return Response(octets(), media_type=kind)

    return answer


def _guarded(app: ASGIApp) -> ASGIApp:
    """The headers that keep a browser from loading or sending anything elsewhere, on every answer."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0] not in SAFE]
                message["headers"] = [*kept, *SAFE.items()]
            await send(message)

        await app(scope, receive, safely)

    return guarded
