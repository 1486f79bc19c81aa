"""`POST /webhooks/nextcloud`: Nextcloud tells that something changed, and whom it concerns is scanned at once."""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from nextcloud_mcp_server.core.errors import InvalidValue, NextcloudError
from nextcloud_mcp_server.index.state import State
from nextcloud_mcp_server.index.store.port import Key
from nextcloud_mcp_server.storage import StorageError
from nextcloud_mcp_server.web.webhook_events import Change, Ignored, parse
from nextcloud_mcp_server.web.webhook_registration import PATH

log = logging.getLogger(__name__)
MAX_BODY = 1024 * 1024
GAP = 1.0
"""Seconds between two scans of one person that deliveries ask for: an upload of a folder is one delivery for each file."""
MAX_REFUSED, MINUTE = 60, 60.0


class Following(Protocol):
    """The background work that deliveries wake."""

    state: State

    async def heard(self) -> None:
        """A delivery came: scans may become rarer. Raises StorageError, and Unreachable while it is starting."""
        ...

    async def wake(self, user: str) -> None:
        """Has a user scanned at once; the same twice is one scan. Raises StorageError, and Unreachable while it is starting."""
        ...


class Waker:
    """Wakes a person at once, and again after `gap` seconds where more came meanwhile."""

    def __init__(self, wake: Callable[[str], Awaitable[None]], gap: float = GAP) -> None:
        self._wake, self._gap = wake, gap
        self._again: dict[str, bool] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def wake(self, user: str) -> None:
        """Raises what waking raises."""
        if user in self._again:
            self._again[user] = True
            return
        self._again[user] = False
        try:
            await self._wake(user)
        except BaseException:
            del self._again[user]
            raise
        task = asyncio.create_task(self._rest(user))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _rest(self, user: str) -> None:
        await asyncio.sleep(self._gap)
        if self._again.pop(user):
            try:
                await self.wake(user)
            except (StorageError, NextcloudError) as error:
                log.warning("%s is scanned later: %s", user, error)


class Webhooks:
    """The route, guarded by the shared secret (`Authorization: Bearer`, compared in constant time)."""

    def __init__(self, secret: str, following: Following, *, gap: float = GAP) -> None:
        self._expected = f"Bearer {secret}".encode()
        self._following = following
        self._waker = Waker(following.wake, gap)
        self._refused = 0

    def routes(self) -> list[Route]:
        return [Route(PATH, self.take, methods=["POST"])]

    async def take(self, http: Request) -> JSONResponse:
        """200 for whatever is understood, also where it concerns nobody here: Nextcloud neither reads answers nor sends twice."""
        if not hmac.compare_digest(http.headers.get("authorization", "").encode("latin-1"), self._expected):
            return self._refuse()
        body = await _body(http)
        if body is None:
            return JSONResponse({"error": "too_large", "message": "The body is larger than 1 MiB."}, 413)
        try:
            found = parse(body)
        except InvalidValue as error:
            return JSONResponse({"error": "invalid_request", "message": error.message}, 400)
        try:
            await self._following.heard()
        except (StorageError, NextcloudError) as error:
            return _not_ready(error)
        if isinstance(found, Ignored):
            return JSONResponse({"status": "ignored", "reason": found.reason})
        return await self._queue(found)

    async def _queue(self, change: Change) -> JSONResponse:
        try:
            for person in sorted(change.people | await self._seers(change)):
                await self._waker.wake(person)
        except (StorageError, NextcloudError) as error:
            return _not_ready(error)
        doc_type, doc_id = change.documents[0] if change.documents else (None, None)
        return JSONResponse({"status": "queued", "doc_type": doc_type, "doc_id": doc_id, "operation": change.operation})

    async def _seers(self, change: Change) -> frozenset[str]:
        """Everybody else in whose scans the documents are: a shared thing changes for all of them."""
        state, found = self._following.state, frozenset[str]()
        for doc_type, doc_id in change.documents:
            for person in change.people:
                if owner := await state.owner(person, doc_type, doc_id):
                    found |= await state.seers(Key(owner, doc_type, doc_id))
                    break
        return found

    def _refuse(self) -> JSONResponse:
        """401; after many in a minute 429 for whoever does not know the secret. Those who do are not held up."""
        if self._refused == 0:
            asyncio.get_running_loop().call_later(MINUTE, self._forgive)
        self._refused += 1
        if self._refused > MAX_REFUSED:
            return JSONResponse({"error": "too_many_requests", "message": "Too many wrong secrets."}, 429, {"Retry-After": "60"})
        if self._refused == 1:
            log.warning("A webhook came without the secret in WEBHOOK_SECRET.")
        return JSONResponse({"error": "unauthorized", "message": "The secret is missing or wrong."}, 401, {"WWW-Authenticate": "Bearer"})

    def _forgive(self) -> None:
        self._refused = 0


def _not_ready(error: Exception) -> JSONResponse:
    log.warning("A webhook wakes nobody now, the next scan finds the change: %s", error)
    body = {"error": "temporarily_unavailable", "message": "Background sync is not ready."}
    return JSONResponse(body, 503, {"Retry-After": "10"})


async def _body(http: Request) -> bytes | None:
    """The body whatever its type is called; None where it is too large."""
    pieces = bytearray()
    async for piece in http.stream():
        pieces += piece
        if len(pieces) > MAX_BODY:
            return None
    return bytes(pieces)
