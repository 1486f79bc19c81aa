"""What a Qdrant that refuses, breaks off or talks nonsense becomes: an error of our own that says what to do, without the key."""

import logging
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from nextcloud_mcp_server.core.errors import (
    BadAnswer,
    CredentialRefused,
    Delayed,
    InvalidValue,
    Maintenance,
    NextcloudError,
    NotFound,
    RateLimited,
    Unreachable,
)
from nextcloud_mcp_server.index.sparse import Sparse
from nextcloud_mcp_server.index.store.port import Entry, Facts, Key, Where
from nextcloud_mcp_server.index.store.qdrant import QdrantStore

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Call = Callable[[QdrantStore], Awaitable[object]]

C = "test_1"
KEY = "qdrant-key-that-nobody-may-see"
WORDS = Sparse([7], [1.0])


async def scanned(store: QdrantStore) -> None:
    async for _ in store.scan(C):
        pass


def calls(user: str) -> dict[str, Call]:
    """Everything that is asked of the store for one user."""
    key, readers = Key(user, "note", "1"), frozenset({user})
    return {
        "open": lambda store: store.open(C, 2),
        "collections": lambda store: store.collections(),
        "discard": lambda store: store.discard(C),
        "replace": lambda store: store.replace(C, key, Facts(readers), [Entry(0, "x", WORDS, [1.0, 0.0])]),
        "describe": lambda store: store.describe(C, key, Facts(readers), ["y"]),
        "delete": lambda store: store.delete(C, [key]),
        "delete_owner": lambda store: store.delete_owner(C, user),
        "search": lambda store: store.search(C, Where(readers), dense=[1.0, 0.0], sparse=WORDS, limit=3),
        "vectors": lambda store: store.vectors(C, [(key, 0)]),
        "passages": lambda store: store.passages(C, key),
        "count": lambda store: store.count(C, user),
        "scan": scanned,
    }


CALLS = {f"{name} for {user}": call for user in ("alice", "bob") for name, call in calls(user).items()}


@asynccontextmanager
async def qdrant(answer: Answer) -> AsyncGenerator[QdrantStore]:
    """A store at a server that always answers so."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    store = QdrantStore(str(server.make_url("")).rstrip("/"), api_key=KEY, seconds=20)
    try:
        yield store
    finally:
        await store.close()
        await server.close()


def status(code: int, **headers: str) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        # Some servers and gateways repeat what they were sent.
        return web.json_response({"status": {"error": f"refused: {request.headers['api-key']}"}}, status=code, headers=headers)

    return answer


def body(text: str | bytes) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=text, content_type="application/json")

    return answer


async def breaks_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"result": {')
    assert request.transport
    request.transport.close()
    return response


async def hangs_up(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.close()
    return web.Response()


FAULTS: dict[str, tuple[Answer, type[NextcloudError], str]] = {
    "401": (status(401), CredentialRefused, "QDRANT_API_KEY"),
    "403": (status(403), CredentialRefused, "QDRANT_API_KEY"),
    "404": (status(404), NotFound, "started"),
    "408": (status(408), Maintenance, "Qdrant's log"),
    "429": (status(429), RateLimited, "Try again"),
    "429 with a time": (status(429, **{"Retry-After": "7"}), RateLimited, "in 7 seconds"),
    "429 with a date": (status(429, **{"Retry-After": "Sat, 21 Nov 2026 07:28:00 GMT"}), RateLimited, "Try again"),
    "500": (status(500), BadAnswer, "Qdrant's log"),
    "503": (status(503), Maintenance, "Qdrant's log"),
    "507": (status(507), Maintenance, "more disk"),
    "a web page": (body("<html>Welcome</html>"), BadAnswer, "QDRANT_URL"),
    "another alphabet": (body(b"\xff\xfe<"), BadAnswer, "QDRANT_URL"),
    "half a document": (body('{"result": '), BadAnswer, "QDRANT_URL"),
    "another shape": (body('{"result": {"points": 7}, "status": "ok", "time": 0}'), BadAnswer, "QDRANT_URL"),
    "broken off": (breaks_off, Unreachable, "QDRANT_URL"),
    "hung up": (hangs_up, Unreachable, "QDRANT_URL"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_is_an_error_of_our_own_that_says_what_to_do_without_the_key(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer, kind, hint = FAULTS[fault]
    caplog.set_level(logging.NOTSET)
    async with qdrant(answer) as store:
        for name, call in CALLS.items():
            if fault == "404" and name.startswith("discard"):
                continue
            with pytest.raises(NextcloudError) as caught:
                await call(store)
            assert type(caught.value) is kind, name
            assert "Qdrant" in caught.value.message
            assert hint in caught.value.explain()
            assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in caplog.text


async def test_documents_wait_for_what_passes_by_itself_and_for_the_right_key() -> None:
    kinds = {name: kind for name, (_, kind, _) in FAULTS.items()}
    waiting = {name for name, kind in kinds.items() if issubclass(kind, Delayed | CredentialRefused)}
    assert waiting == {"401", "403", "408", "429", "429 with a time", "429 with a date", "503", "507", "broken off", "hung up"}


@pytest.mark.parametrize("version", ["1.18.9", "0.9.0"])
async def test_a_server_that_counts_rarity_among_everybodys_passages_is_refused(version: str) -> None:
    async with qdrant(body(f'{{"title": "qdrant", "version": "{version}"}}')) as store:
        with pytest.raises(InvalidValue, match=rf"Qdrant {version} is too old") as caught:
            await store.open(C, 2)
    assert "1.19" in caught.value.hint


@pytest.mark.parametrize(("url", "warned"), [("http://qdrant:6333", True), ("https://qdrant", False), ("http://127.0.0.1:6333", False)])
async def test_a_key_that_travels_in_the_clear_is_warned_of(url: str, warned: bool, caplog: pytest.LogCaptureFixture) -> None:
    for key in (KEY, None):
        caplog.clear()
        await QdrantStore(url, api_key=key).close()
        assert ("unencrypted" in caplog.text) is (warned and key is not None)
        assert KEY not in caplog.text
