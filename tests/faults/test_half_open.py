"""A Nextcloud that holds the connection and says nothing, or nothing more: the call ends, with an error, and is not sent again."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientTimeout

from nextcloud_mcp_server.core.errors import BadAnswer, Unreachable
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.credentials import basic
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.nextcloud.transport import Address, Transport
from tests.support.wire import Exchange, Wire, reply, wire

SOON = 1.0
"""Seconds without a byte until a request is given up (NEXTCLOUD_TIMEOUT)."""
PATIENT = ClientTimeout(total=60)


@asynccontextmanager
async def against(answer: Callable[[Exchange], bytes], concurrency: int = 8) -> AsyncGenerator[tuple[Wire, Session]]:
    """Alice's session, on a server that keeps every connection open."""
    async with wire(answer) as served:
        transport = Transport(Address(served.url, served.url, concurrency=concurrency, timeout=SOON), "nextcloud-mcp-server/test")
        yield served, Session(transport, basic("alice", "secret"), Cache())
        await transport.aclose()


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_an_answer_that_never_comes_is_given_up_after_one_try(method: str) -> None:
    async with against(lambda _: b"") as (served, alice):
        with pytest.raises(Unreachable, match="did not answer in time") as caught:
            await alice.request(method, "/", what="it")
        await served.until(bool)
        assert len(served.seen) == 1
    assert ("may or may not have happened" in caught.value.explain()) is (method == "PUT")


@pytest.mark.parametrize("method", ["REPORT", "PUT"])
async def test_a_body_that_stops_half_way_is_no_answer(method: str) -> None:
    half = reply(200, b'{"a": 1}' + b" " * 100)[:-50]
    async with against(lambda _: half) as (served, alice):
        with pytest.raises(BadAnswer, match="cut short"):
            await alice.request(method, "/", what="it")
        assert len(served.seen) == 1


async def test_a_dead_request_gives_its_place_to_the_next_one() -> None:
    def answer(asked: Exchange) -> bytes:
        return reply(200, b'{"ok":true}') if asked.path == "/lives" else b""

    async with against(answer, concurrency=1) as (served, alice):
        with pytest.raises(Unreachable):
            await alice.request("GET", "/dead", what="it")
        await served.until(bool)
        found = await alice.request("GET", "/lives", what="it", timeout=PATIENT)
        assert found.json() == {"ok": True}
        assert [one.connection for one in served.seen] == [1, 2]
