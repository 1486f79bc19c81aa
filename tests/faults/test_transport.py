"""A server that misbehaves gets no lost update, no repeated write, and a clear error."""

import asyncio
import itertools
import ssl
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager

import pytest

from nextcloud_mcp_server.core.errors import (
    BadAnswer,
    Changed,
    CredentialRefused,
    Delayed,
    Locked,
    Maintenance,
    NotFound,
    NotPermitted,
    RateLimited,
    TooLarge,
    Unreachable,
)
from nextcloud_mcp_server.nextcloud.credentials import basic
from nextcloud_mcp_server.nextcloud.session import Session
from tests.support.assistant import session
from tests.support.wire import CLOSE, Exchange, Reply, Wire, reply, wire

OK = reply(200, b'{"ok":true}', Content_Type="application/json")


@asynccontextmanager
async def against(answer: Callable[[Exchange], Reply] | Iterable[Reply], concurrency: int = 8) -> AsyncGenerator[tuple[Wire, Session]]:
    """A session on a server that gives these answers in turn (the last one for ever)."""
    turns = answer if callable(answer) else _in_turn(answer)
    async with wire(turns) as served:
        person = session(served.url, "alice", "secret-password", concurrency=concurrency)
        try:
            yield served, person
        finally:
            await person.transport.aclose()


def _in_turn(answers: Iterable[Reply]) -> Callable[[Exchange], Reply]:
    listed = list(answers)
    turns = itertools.chain(listed, itertools.repeat(listed[-1]))
    return lambda _: next(turns)


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "REPORT", "SEARCH"])
async def test_a_safe_request_survives_a_stale_connection(method: str) -> None:
    async with against([OK, None, OK]) as (served, person):
        await person.request("GET", "/", what="it")
        answer = await person.request(method, "/", what="it")
    assert answer.json() == {"ok": True}
    assert len(served.seen) == 3


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "MOVE", "PROPPATCH", "MKCOL"])
async def test_a_write_that_may_have_happened_is_never_sent_again(method: str) -> None:
    async with against([OK, None, OK]) as (served, person):
        await person.request("GET", "/", what="it")
        with pytest.raises(Unreachable, match="closed the connection") as caught:
            await person.request(method, "/", what="it")
    assert "may or may not have happened" in caught.value.explain()
    assert [one.method for one in served.seen] == ["GET", method]


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, Maintenance)])
async def test_a_safe_request_waits_as_long_as_it_is_told_and_tries_again(status: int, kind: type[Delayed]) -> None:
    async with against([reply(status, Retry_After="0"), reply(status, Retry_After="0"), OK]) as (served, person):
        assert (await person.request("GET", "/", what="it")).json() == {"ok": True}
        assert len(served.seen) == 3
    async with against([reply(status, Retry_After="120")]) as (served, person):
        with pytest.raises(kind, match=r"Nextcloud") as caught:
            await person.request("GET", "/", what="it")
        assert "120 seconds" in caught.value.explain()
        assert len(served.seen) == 1


async def test_a_write_refused_for_now_is_left_to_the_caller() -> None:
    async with against([reply(503, Retry_After="0"), OK]) as (served, person):
        with pytest.raises(Maintenance):
            await person.request("PUT", "/", what="it")
        assert len(served.seen) == 1


async def test_a_body_that_is_cut_off_is_an_error() -> None:
    async with against([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2" + CLOSE]) as (_, person):
        with pytest.raises(BadAnswer, match="cut short"):
            await person.request("POST", "/", what="the list")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!DOCTYPE html><title>Login</title>", "a web page"),
        (b"", "empty answer"),
        (b'{"a": [1, 2', "cut short"),
        (b"\xff\xfe", "not JSON"),
    ],
)
async def test_what_is_not_json_is_an_error_without_its_text(body: bytes, words: str) -> None:
    async with against([reply(200, body)]) as (_, person):
        with pytest.raises(BadAnswer, match=words) as caught:
            (await person.request("GET", "/secret/path", what="the list")).json()
    assert "Login" not in caught.value.explain()
    assert "/secret/path" not in caught.value.explain()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, NotPermitted), (404, NotFound), (412, Changed), (413, TooLarge), (423, Locked), (500, BadAnswer), (507, TooLarge)],
)
async def test_a_status_becomes_the_error_it_means(status: int, kind: type[Exception]) -> None:
    async with against([reply(status, b"<html>stack /var/www</html>", ETag='"abc"')]) as (_, person):
        with pytest.raises(kind) as caught:
            await person.request("PUT", "/remote.php/dav/x", what="File x")
    assert "/var/www" not in str(caught.value)
    assert "remote.php" not in str(caught.value)
    if isinstance(caught.value, Changed):
        assert caught.value.etag == "abc"


async def test_a_refused_credential_is_not_sent_again_for_a_while_and_others_are() -> None:
    def answer(exchange: Exchange) -> Reply:
        return OK if exchange.header("Authorization") == basic("bob", "bob").authorization else reply(401)

    async with against(answer) as (served, person):
        for _ in range(3):
            with pytest.raises(CredentialRefused) as caught:
                await person.request("GET", "/", what="it")
            assert "secret-password" not in repr(caught.value)
        assert len(served.seen) == 1
        bob = Session(person.transport, basic("bob", "bob"), person.cache)
        assert (await bob.request("GET", "/", what="it")).json() == {"ok": True}


async def test_cookies_of_one_person_never_travel_with_anothers_credential() -> None:
    async with against([reply(200, b"{}", Set_Cookie="nc_session_id=alice; path=/")]) as (served, person):
        bob = Session(person.transport, basic("bob", "bob"), person.cache)
        for who in (person, bob, person):
            await who.request("GET", "/", what="it")
    assert [one.header("Cookie") for one in served.seen] == [None, None, None]
    assert len({one.header("Authorization") for one in served.seen}) == 2
    assert {one.header("OCS-APIRequest") for one in served.seen} == {"true"}


async def test_one_person_has_at_most_so_many_requests_at_once_and_does_not_hold_up_another() -> None:
    gate = asyncio.Event()
    async with wire(lambda _: OK, gate) as served:
        alice = session(served.url, "alice", "alice", concurrency=3)
        bob = Session(alice.transport, basic("bob", "bob"), alice.cache)
        many = [asyncio.create_task(alice.request("GET", "/alice", what="it")) for _ in range(20)]
        one = asyncio.create_task(bob.request("GET", "/bob", what="it"))
        await served.until(lambda seen: len(seen) >= 4 and any(exchange.path == "/bob" for exchange in seen))
        assert served.most_at_once == 4
        gate.set()
        await asyncio.gather(*many, one)
        assert served.most_at_once <= 4
        await alice.transport.aclose()


async def test_a_redirect_to_a_login_page_is_named() -> None:
    async with against([reply(302, Location="http://evil.test/login")]) as (served, person):
        with pytest.raises(BadAnswer, match="redirects"):
            await person.request("GET", "/", what="it")
        assert len(served.seen) == 1


async def test_an_address_where_nobody_listens_is_named() -> None:
    async with wire(lambda _: OK) as served:
        url = served.url
    person = session(url, "alice", "alice")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        await person.request("PUT", "/", what="it")
    await person.transport.aclose()


async def test_a_certificate_nobody_vouches_for_is_named_with_the_setting(tls_server: ssl.SSLContext) -> None:
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0, ssl=tls_server)
    port = server.sockets[0].getsockname()[1]
    person = session(f"https://127.0.0.1:{port}", "alice", "alice")
    with pytest.raises(Unreachable, match="NEXTCLOUD_CA_BUNDLE"):
        await person.request("GET", "/", what="it")
    await person.transport.aclose()
    server.close()
    await server.wait_closed()


async def test_a_probe_tells_a_nextcloud_from_something_else() -> None:
    async with against(
        [reply(200, b'{"installed":true,"maintenance":false}'), reply(200, b'{"installed":true,"maintenance":true}'), reply(200, b"[]")]
    ) as (
        served,
        person,
    ):
        await person.transport.probe()
        with pytest.raises(Maintenance):
            await person.transport.probe()
        with pytest.raises(BadAnswer, match="is not a Nextcloud"):
            await person.transport.probe()
    assert served.seen[0].header("Authorization") is None
