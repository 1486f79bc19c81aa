"""Ready-made faults for `sandbox.faults`. Each looks at the path by regular expression and is spent after `times` hits."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

Act = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


@dataclass
class PathFault:
    """`path` is searched in the path without prefix and index.php; `method` None means any; `times` None never wears out."""

    path: str
    act: Act
    method: str | None = None
    times: int | None = 1
    hits: int = field(default=0, init=False)

    async def __call__(self, request: web.Request, path: str) -> web.StreamResponse | None:
        if self.times is not None and self.hits >= self.times:
            return None
        if (self.method and request.method != self.method) or not re.search(self.path, path):
            return None
        self.hits += 1
        return await self.act(request)


def answer(
    path: str, status: int, *, body: bytes = b"", headers: Mapping[str, str] | None = None, times: int | None = 1, method: str | None = None
) -> PathFault:
    """Answer by itself, for example 429 with Retry-After, or 200 with a page where JSON is expected."""

    async def act(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers or {})

    return PathFault(path, act, method, times)


def html_for_json(path: str, times: int | None = 1) -> PathFault:
    return answer(
        path, 200, body=b"<!DOCTYPE html><html><body>Login</body></html>", headers={"Content-Type": "text/html; charset=UTF-8"}, times=times
    )


def delay(path: str, seconds: float, times: int | None = 1) -> PathFault:
    """Answer late, but rightly."""

    async def act(_: web.Request) -> None:
        await asyncio.sleep(seconds)

    return PathFault(path, act, None, times)


def hold(path: str, until: asyncio.Event, times: int | None = 1) -> PathFault:
    """Answer rightly once the event is set."""

    async def act(_: web.Request) -> None:
        await until.wait()

    return PathFault(path, act, None, times)


def cut_off(
    path: str, body: bytes = b'{"half":', announced: int = 1000, kind: str = "application/json; charset=utf-8", times: int | None = 1
) -> PathFault:
    """Announce `announced` bytes, send `body`, close."""

    async def act(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind, "Content-Length": str(announced)})
        await response.prepare(request)
        await response.write(body)
        drop(request)
        return response

    return PathFault(path, act, None, times)


def close(path: str, times: int | None = 1, method: str | None = None) -> PathFault:
    """Close the connection without an answer."""

    async def act(request: web.Request) -> web.StreamResponse:
        drop(request)
        return web.Response()

    return PathFault(path, act, method, times)


def drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
