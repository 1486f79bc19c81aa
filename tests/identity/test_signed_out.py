"""Somebody signs out at the provider: this server is told, and what came from that session ends here too, on every replica."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from anyio.to_thread import run_sync
from starlette.applications import Starlette

from nextcloud_mcp_server.auth.back_channel import PATH, BackChannelLogout
from nextcloud_mcp_server.auth.inbound.token_cache import CachedVerifier
from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified
from nextcloud_mcp_server.auth.oidc.discovery import Provider
from nextcloud_mcp_server.auth.oidc.http import ClientSecret
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenAnswer, TokenEndpoint
from nextcloud_mcp_server.auth.outbound.grants import Grants
from nextcloud_mcp_server.auth.server.cookies import BROWSER_COOKIE
from nextcloud_mcp_server.auth.server.sign_ins import Browser, SignIns
from nextcloud_mcp_server.auth.server.tokens import Asked
from nextcloud_mcp_server.auth.signed_out import KEEP_SECONDS, SignedOut, StillSignedIn
from nextcloud_mcp_server.storage import Database
from tests.identity.management_world import World, replica, world
from tests.identity.own_server import State, state
from tests.identity.test_management_offline import through
from tests.providers.keycloak import CLIENT as OURS
from tests.providers.keycloak import REALM_FILE, SECRET, Keycloak
from tests.providers.person import Person, Pkce
from tests.unit.auth.oidc.test_logout_tokens import WRONG, told
from tests.unit.auth.stub_http import StubHttp
from tests.unit.auth.tokens import CLIENT, ISSUER, NOW, Signer, claims

SIGNER = Signer()
ISSUED = NOW - 3600


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


class Sessions:
    """Tokens `sub:sid:number` of a provider, well signed whatever happened to their session."""

    async def verify(self, token: str) -> Verified:
        sub, sid, _ = token.split(":")
        return Verified(ISSUER, f"name of {sub}", frozenset(), None, (), NOW + 10_000, token, sid or None, sub, ISSUED)


@dataclass
class Replica:
    """The endpoint, and the tokens that this replica has verified."""

    own: State
    http: httpx2.AsyncClient
    grants: Grants
    signed_out: SignedOut
    cached: CachedVerifier
    clock: Clock

    async def tell(self, **given: Any) -> httpx2.Response:
        token = SIGNER.sign(told(**given), typ="logout+jwt")
        answer = await self.http.post(PATH, data={"logout_token": token})
        assert token not in answer.text
        return answer

    async def accepted(self, *tokens: str) -> list[str]:
        found: list[str] = []
        for token in tokens:
            try:
                found.append((await self.cached.verify(token)).token)
            except Refused:
                continue
        return found

    async def family(self, id: str, *, sid: str | None = "s1", sub: str = "alice", offline: bool = False) -> str:
        """An access token of this server for a sign-in at the provider, with its grant there."""
        answer = TokenAnswer("access", NOW + 300, "refresh")
        await self.grants.store(id, ISSUER, f"name of {sub}", "desk", answer, frozenset(), offline, sid=sid, sub=sub)
        pkce = Pkce()
        asked = Asked("desk", "http://127.0.0.1/cb", pkce.challenge, self.own.resource, frozenset())
        code = await self.own.tokens.code(asked, ISSUER, f"name of {sub}", id)
        return (await self.own.tokens.redeem(code, "desk", "http://127.0.0.1/cb", pkce.verifier, None)).access_token


def made(database: Database) -> Replica:
    own, clock, http = state(database), Clock(), StubHttp(certs={"keys": [SIGNER.jwk()]})
    signed_out = SignedOut(database, own.events, own.audit, clock=clock)
    grants = Grants(database, own.vault, own.audit, own.events, TokenEndpoint(Provider(ISSUER, "", ""), ClientSecret(CLIENT), http))
    point = BackChannelLogout(ISSUER, ClientSecret(CLIENT), Jwks(http, "https://sso.example/certs"), signed_out, grants, own.tokens, clock)
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(Starlette(routes=point.routes())), base_url="http://mcp.test")
    cached = CachedVerifier(StillSignedIn(Sessions(), signed_out), clock=clock)
    cached.listen(own.events)
    return Replica(own, client, grants, signed_out, cached, clock)


@pytest.fixture
async def replicas(database: Database) -> AsyncIterator[tuple[Replica, Replica]]:
    both = made(database), made(database)
    for one in both:
        await one.own.events.start()
    yield both
    for one in both:
        await one.http.aclose()


@pytest.fixture
def one(replicas: tuple[Replica, Replica]) -> Replica:
    return replicas[0]


async def test_a_session_that_ended_ends_on_every_replica_and_no_other_does(replicas: tuple[Replica, Replica]) -> None:
    here, there = replicas
    mine, others = "alice:s1:1", ["alice:s2:1", "bob:s3:1", "bob::1"]
    for each in replicas:
        assert await each.accepted(mine, *others) == [mine, *others]
    answer = await here.tell(sub="alice", sid="s1")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    await there.own.events.poll()
    for each in replicas:
        assert await each.accepted(mine, "alice:s1:2", *others) == others


async def test_without_a_session_everything_of_the_person_until_then_ends(replicas: tuple[Replica, Replica]) -> None:
    for each in replicas:
        await each.accepted("alice:s1:1", "alice::2", "bob:s3:1")
    await replicas[0].tell(sub="alice", sid=None)
    await replicas[1].own.events.poll()
    for each in replicas:
        assert await each.accepted("alice:s1:1", "alice::2", "bob:s3:1") == ["bob:s3:1"]
    assert not await replicas[0].signed_out.ended(ISSUER, "new", "alice", NOW + 1)


async def test_tokens_of_this_server_end_with_the_session_that_they_came_from(one: Replica) -> None:
    ended, others = await one.family("f1"), [await one.family("f2", sid="s2"), await one.family("f3", sid=None, sub="bob")]
    assert (await one.tell(sub="alice", sid="s1")).status_code == 200
    with pytest.raises(Refused):
        await one.own.tokens.find(ended, one.own.resource)
    for token in others:
        assert await one.own.tokens.find(token, one.own.resource)
    states = {grant.id: grant.state for subject in ("alice", "bob") for grant in await one.grants.of(ISSUER, f"name of {subject}")}
    assert states == {"f1": "lost", "f2": "active", "f3": "active"}
    assert (await one.own.audit.read(user="alice"))[0].event == "provider.signed_out"


async def test_what_a_person_allowed_while_away_outlives_the_session(one: Replica) -> None:
    token = await one.family("f1", offline=True)
    await one.tell(sub="alice", sid=None)
    with pytest.raises(Refused):
        await one.own.tokens.find(token, one.own.resource)
    assert [grant.state for grant in await one.grants.offline()] == ["active"]


async def test_browsers_of_the_session_are_signed_in_here_no_more(one: Replica) -> None:
    browsers = SignIns(one.own.vault, signed_out=one.signed_out)
    people = [Browser(ISSUER, "name", "s1", "alice"), Browser(ISSUER, "name", "s2", "alice"), Browser(ISSUER, "name", None, "bob")]
    cookies = [await browsers.remember_browser(who) for who in people]
    await one.tell(sub="alice", sid="s1")
    assert [await browsers.browser(cookie) for cookie in cookies] == [None, *people[1:]]


async def test_a_token_is_taken_once(one: Replica) -> None:
    assert (await one.tell(sub="alice", sid=None, jti="a")).status_code == 200
    later = await one.family("f1")
    answer = await one.tell(sub="alice", sid=None, jti="a")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert await one.own.tokens.find(later, one.own.resource)
    assert (await one.tell(sub="alice", sid=None, jti="b")).status_code == 200


@pytest.mark.parametrize("given", [WRONG[1], WRONG[4], WRONG[13], WRONG[21], WRONG[24]], ids=str)
async def test_a_wrong_token_ends_nothing(one: Replica, given: dict[str, Any]) -> None:
    token = await one.family("f1")
    answer = await one.tell(**{"sub": "alice", "sid": "s1", **given})
    assert (answer.status_code, answer.headers["cache-control"]) == (400, "no-store")
    assert await one.own.tokens.find(token, one.own.resource)
    assert await one.own.database.all("select * from signed_out") == []


async def test_forged_tokens_and_other_requests_are_refused(one: Replica) -> None:
    good = SIGNER.sign(told(), typ="logout+jwt")
    bodies: list[dict[str, Any]] = [
        {"data": {"logout_token": Signer(SIGNER.kid).sign(told(), typ="logout+jwt")}},
        {"data": {"logout_token": SIGNER.sign(claims(aud=CLIENT))}},
        {"data": {"logout_token": ""}},
        {"data": {"token": good}},
        {"data": {"logout_token": [good, good]}},
        {"json": {"logout_token": good}},
        {"content": b"\xff\x00", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"data": {"logout_token": "x" * 70_000}},
        {},
    ]
    for body in bodies:
        answer = await one.http.post(PATH, **body)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), body
    assert (await one.http.get(PATH, params={"logout_token": good})).status_code == 405
    assert await one.own.database.all("select * from signed_out") == []


async def test_what_ended_is_remembered_for_longer_than_any_token_lives(one: Replica) -> None:
    await one.tell(sub="alice", sid="s1")
    one.clock.now = NOW + KEEP_SECONDS - 1
    assert await one.signed_out.prune() == 0
    one.clock.now = NOW + KEEP_SECONDS + 1
    assert await one.signed_out.prune() == 1


# With a real Keycloak


@contextmanager
def telling(keycloak: Keycloak, url: str) -> Iterator[None]:
    """Keycloak tells this address who signed out, and of which session; as the realm file has it."""
    client = keycloak.admin("GET", f"/clients?clientId={OURS}").json()[0]
    shipped = next(one for one in json.loads(REALM_FILE.read_text())["clients"] if one["clientId"] == OURS)["attributes"]
    logout = {name: value for name, value in shipped.items() if name.startswith("backchannel.logout.")}
    assert logout["backchannel.logout.url"].endswith(PATH + "}")

    def set(address: str) -> None:
        attributes = {**client["attributes"], **logout, "backchannel.logout.url": address}
        keycloak.admin("PUT", f"/clients/{client['id']}", {**client, "attributes": attributes})

    set(url)
    yield
    set("http://127.0.0.1:1/")


@pytest.fixture
async def server(tmp_path: Path, keycloak: Keycloak) -> AsyncIterator[World]:
    settings = {"MCP_AUTH_MODE": "login_flow", "OIDC_DISCOVERY_URL": keycloak.discovery_url, "OIDC_CLIENT_ID": OURS}
    async with world(tmp_path, OIDC_CLIENT_SECRET=SECRET, **settings) as here:
        with telling(keycloak, f"{here.url}{PATH}"):
            yield here


def session_of(token: str) -> str:
    return jwt.decode(token, options={"verify_signature": False})["sid"]


async def test_signing_out_at_keycloak_ends_tokens_and_browser_here(keycloak: Keycloak, server: World) -> None:
    browser = Person("alice")

    def sign_in() -> tuple[str, str, str]:
        through(browser, browser.open(f"{server.url}/oauth/login?next=/health/live"), "alice")
        return (
            next(cookie.value for cookie in browser.http.cookies.jar if cookie.name == BROWSER_COOKIE) or "",
            keycloak.tokens("alice", "openid notes:read")["access_token"],
            keycloak.tokens("bob", "openid notes:read")["access_token"],
        )

    cookie, alices, bobs = await run_sync(sign_in)
    kept = server.management.kept
    browsers = SignIns(kept.vault, signed_out=kept.signed_out)

    async with replica(server) as other:

        async def answers(token: str) -> list[int]:
            return [(await each.ask("GET", "/status", token=token)).status_code for each in (server, other)]

        assert (await answers(alices), await answers(bobs)) == ([200, 200], [200, 200])
        assert await browsers.browser(cookie)
        await run_sync(keycloak.admin, "DELETE", f"/sessions/{session_of(alices)}")
        await other.management.kept.events.poll()
        assert (await answers(alices), await answers(bobs)) == ([401, 401], [200, 200])
        assert await browsers.browser(cookie), "another session of hers"
        person = keycloak.admin("GET", "/users?username=alice&exact=true").json()[0]["id"]
        await run_sync(keycloak.admin, "POST", f"/users/{person}/logout")
        assert await browsers.browser(cookie) is None
        again = (await run_sync(keycloak.tokens, "alice", "openid notes:read"))["access_token"]
        assert await answers(again) == [200, 200]
