"""What a mode consists of, and how it waits for a database or provider that does not answer yet."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from nextcloud_mcp_server.auth.ports import Inbound, Outbound
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.ending import end
from nextcloud_mcp_server.core.errors import Delayed, NextcloudError, Unreachable
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.settings import SettingsError

if TYPE_CHECKING:
    from nextcloud_mcp_server.auth.management import Management
    from nextcloud_mcp_server.auth.provisioning.login import Login

log = logging.getLogger(__name__)
AGAIN_AFTER = 10.0
Work = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True)
class Ready:
    """A mode that can serve: who calls, as whom we act, the routes it needs, what runs in the background.

    `acts` says in a few words as whom and how; `cautions` what an administrator should know of that.
    `users` are those who let the server work while they are away, `granted` what one of them limited that to (None: no limit).
    """

    inbound: Inbound
    outbound: Outbound
    routes: Sequence[Route] = ()
    login: "Login | None" = None
    background: Sequence[Work] = ()
    close: Sequence[Work] = ()
    users: Callable[[], Awaitable[list[str]]] | None = None
    granted: Callable[[str], Awaitable[frozenset[str] | None]] | None = None
    management: "Management | None" = None
    acts: str = ""
    cautions: Sequence[str] = ()


@dataclass
class Sides:
    """A mode as the server sees it. `prepare` makes it ready; until it succeeds callers are told to come back.

    `title` begins the line that says at the start what this server is.

    `challenge` makes the 403 challenge of a tool whose scopes a token lacks; None in modes without scopes.
    """

    prepare: Callable[[], Awaitable[Ready]]
    challenge: Callable[[Iterable[str], str], str] | None = None
    title: str = ""
    _ready: Ready | None = None
    _why: str = "The server is starting."
    _tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def now(self) -> Ready:
        """The mode, if it can serve. Raises Unreachable with the seconds after which to ask again."""
        if self._ready is None:
            raise Unreachable(self._why, retry_after=AGAIN_AFTER)
        return self._ready

    @property
    def why(self) -> str:
        """What stands against serving, last time it was tried."""
        return self._why

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        with _answering():
            return await self.now().inbound.identify(headers)

    async def session(self, caller: Caller) -> Session:
        with _answering():
            return await self.now().outbound.session(caller)

    async def offline(self, user: str) -> Session | None:
        with _answering():
            return await self.now().outbound.offline(user)

    async def check(self) -> str:
        """For readiness."""
        return "ok" if self._ready else self._why

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Prepares at once or, where something does not answer yet, again and again. Raises SettingsError for what never will do."""
        if not await self._try():
            self._tasks.append(asyncio.create_task(self._again()))
        try:
            yield
        finally:
            await end(*self._tasks)
            for close in self._ready.close if self._ready else ():
                await close()

    async def _try(self) -> bool:
        try:
            self._ready = await self.prepare()
        except _passing() as error:
            self._why = str(error)
            log.warning("Not ready: %s It is tried again in %.0f s.", error, AGAIN_AFTER)
            return False
        except _lasting() as error:
            self._why = f"{error} {getattr(error, 'hint', '')}".strip()
            raise SettingsError(self._why) from None
        except SettingsError as error:
            self._why = str(error)
            raise
        log.info("%s, acts %s", self.title, self._ready.acts)
        for caution in self._ready.cautions:
            log.warning("%s", caution)
        self._tasks += [asyncio.create_task(work()) for work in self._ready.background]
        return True

    async def _again(self) -> None:
        while True:
            await asyncio.sleep(AGAIN_AFTER)
            try:
                if await self._try():
                    return
            except SettingsError as error:
                self._why = str(error)
                log.error("Not ready, and waiting will not help: %s", error)
                return


@contextmanager
def _answering() -> Generator[None]:
    """A database that stops answering is an outage like any other: callers are told to come back."""
    try:
        yield
    except _unavailable() as error:
        raise Unreachable(str(error), retry_after=AGAIN_AFTER) from None


def _unavailable() -> type[Exception]:
    from nextcloud_mcp_server.storage import Unavailable

    return Unavailable


def _passing() -> tuple[type[Exception], ...]:
    """Imported when something fails: single-user mode needs neither storage nor provider."""
    return (Delayed, _unavailable())


def _lasting() -> tuple[type[Exception], ...]:
    from nextcloud_mcp_server.auth.oidc.errors import ProviderUnfit
    from nextcloud_mcp_server.storage import DatabaseTooNew, KeyProblem

    return (ProviderUnfit, KeyProblem, DatabaseTooNew)


@dataclass(frozen=True)
class LateRoutes:
    """An ASGI application in front of the routes that a mode brings once it is ready."""

    sides: Sides

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await (await self._answer(scope))(scope, receive, send)
        except _unavailable() as error:
            await _later(str(error))(scope, receive, send)

    async def _answer(self, scope: Scope) -> "Route | Response":
        try:
            routes = self.sides.now().routes
        except NextcloudError as error:
            return _later(error.message)
        partial: Route | None = None
        for route in routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                return route
            partial = partial or (route if match is Match.PARTIAL else None)
        if partial:
            return Response("Method Not Allowed", 405, {"Allow": ", ".join(sorted(partial.methods or ()))})
        return JSONResponse({"error": "not_found", "path": Request(scope).url.path}, 404)


def _later(why: str) -> Response:
    retry = {"Retry-After": f"{AGAIN_AFTER:.0f}"}
    return JSONResponse({"error": "temporarily_unavailable", "error_description": why}, 503, retry)
