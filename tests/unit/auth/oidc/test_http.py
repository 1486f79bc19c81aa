"""What a provider's web server does: discovery follows its redirects, nothing that carries a secret does, and cookies are not kept."""

import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from nextcloud_mcp_server.auth.oidc.discovery import discover
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import MAX_BYTES, OidcHttp
from nextcloud_mcp_server.core.errors import BadAnswer, Unreachable
from tests.support.wire import CLOSE, Exchange, Wire, reply, wire


@asynccontextmanager
async def provider(answer: Callable[[Exchange], bytes]) -> AsyncGenerator[tuple[Wire, OidcHttp]]:
    async with wire(answer) as served:
        http = OidcHttp()
        yield served, http
        await http.aclose()


def described(asked: Exchange) -> bytes:
    """A discovery document that lies elsewhere than at its address."""
    if asked.path == "/.well-known/openid-configuration":
        return reply(301, Location="/index.php/.well-known/openid-configuration")
    base = f"http://{asked.header('Host')}"
    ends = {f"{name}_endpoint": f"{base}/{name}" for name in ("authorization", "token")}
    found = {"issuer": base, "jwks_uri": f"{base}/certs", "code_challenge_methods_supported": ["S256"], **ends}
    return reply(200, json.dumps(found).encode(), Set_Cookie="session=1; path=/")


async def test_discovery_follows_a_redirect_and_keeps_no_cookie() -> None:
    async with provider(described) as (served, http):
        for _ in range(2):
            found = await discover(http, f"{served.url}/.well-known/openid-configuration")
            assert found.issuer == served.url
    assert len(served.seen) == 4
    assert {one.header("Cookie") for one in served.seen} == {None}


async def test_discovery_that_goes_in_circles_is_no_answer() -> None:
    async with provider(lambda asked: reply(302, Location=asked.path)) as (served, http):
        with pytest.raises(Unreachable):
            await discover(http, f"{served.url}/.well-known/openid-configuration")
        assert len(served.seen) <= 7


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_form_with_a_secret_is_not_sent_where_a_redirect_points(status: int) -> None:
    async with provider(lambda _: reply(status, Location="/elsewhere")) as (served, http):
        with pytest.raises(OAuthRefused):
            await http.post(f"{served.url}/token", {"client_secret": "secret"})
        assert [one.path for one in served.seen] == ["/token"]


def odd_answers() -> Iterator[tuple[bytes, type[Exception]]]:
    yield reply(200, b"<!DOCTYPE html><title>Sign in</title>"), BadAnswer
    yield reply(200, b"[1]"), BadAnswer
    yield reply(200, b" " * (MAX_BYTES + 1)), BadAnswer
    yield reply(500, b"{}"), Unreachable
    yield reply(200, b'{"a": 1}').replace(b"Content-Length: 8", b"Content-Length: 80") + CLOSE, Unreachable
    yield reply(400, b'{"error": "invalid_grant"}'), OAuthRefused


@pytest.mark.parametrize(("answer", "kind"), list(odd_answers()), ids=lambda given: given.__name__ if isinstance(given, type) else "")
async def test_an_odd_answer_is_an_error_of_its_kind(answer: bytes, kind: type[Exception]) -> None:
    async with provider(lambda _: answer) as (served, http):
        with pytest.raises(kind):
            await http.get(f"{served.url}/userinfo")
