"""App passwords that people left in Nextcloud's app Astrolabe: fetched with a token of this server, never written anywhere."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nextcloud_mcp_server.auth.astrolabe import NOTHING, Astrolabe, WithAstrolabe
from nextcloud_mcp_server.auth.inbound.basic import PassThrough
from nextcloud_mcp_server.auth.keeping import Keeping
from nextcloud_mcp_server.auth.management import Given, Management
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.late import LateProvider
from nextcloud_mcp_server.auth.outbound.pass_through import CallersOwn
from nextcloud_mcp_server.auth.outbound.vault_password import VaultPasswords
from nextcloud_mcp_server.auth.server.rates import Rates
from nextcloud_mcp_server.auth.signed_out import SignedOut
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import BadAnswer, CredentialRefused, NextcloudError, Unreachable
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.storage import Database
from nextcloud_sandbox.server import Running, running
from tests.identity.own_server import State, nextcloud_at, serving, sessions, state
from tests.providers.shared import free_port


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Site:
    """A provider and Astrolabe in one: what it was asked, and what it answers."""

    url: str
    answers: dict[str, Any] = field(default_factory=dict)
    grants: list[str] = field(default_factory=lambda: ["authorization_code", "client_credentials"])
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    accepted: str = ""
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        async def metadata(_: Request) -> Response:
            ends = {f"{name}_endpoint": f"{self.url}/{name}" for name in ("authorization", "token")}
            more = {"code_challenge_methods_supported": ["S256"], "grant_types_supported": self.grants}
            return JSONResponse({"issuer": self.url, **ends, **more})

        async def token(http: Request) -> Response:
            self.forms.append(parse_qs((await http.body()).decode()))
            self.accepted = f"token-{len(self.forms)}"
            return JSONResponse({"access_token": self.accepted, "token_type": "Bearer", "expires_in": 300})

        async def credentials(http: Request) -> Response:
            self.asked.append(http.path_params["user"])
            if http.headers["authorization"] != f"Bearer {self.accepted}":
                return JSONResponse({}, 401)
            answer = self.answers.get(http.path_params["user"], 404)
            return JSONResponse({}, answer) if isinstance(answer, int) else JSONResponse(answer)

        path = "/apps/astrolabe/api/v1/background-sync/credentials/{user}"
        found = [("/.well-known/openid-configuration", metadata, "GET"), ("/token", token, "POST"), (path, credentials, "GET")]
        return Starlette(routes=[Route(path, run, methods=[method]) for path, run, method in found])


@dataclass
class World:
    site: Site
    nextcloud: Running
    own: State
    clock: Clock
    astrolabe: Astrolabe
    both: WithAstrolabe

    def leave(self, user: str, login: str | None = None) -> str:
        """A person leaves an app password at Astrolabe."""
        password = self.nextcloud.sandbox.new_app_password(user, "Astrolabe", login or user).token
        more = {"login_name": login} if login else {}
        self.site.answers[user] = {
            "success": True, "user_id": user, "has_background_access": True, "sync_type": "app_password",
            "provisioned_at": "2026-05-01T08:00:00Z", "credential_type": "app_password", "app_password": password, **more,
        }  # fmt: skip
        return password


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    site = Site(f"http://127.0.0.1:{free_port()}")
    async with running(seed=False) as nextcloud, serving(site.app(), site.url):
        own, http, clock, cache = state(database), OidcHttp(), Clock(), Cache()
        await own.events.start()
        there, here = nextcloud_at(site.url), nextcloud_at(nextcloud.url)
        provider = LateProvider(http, f"{site.url}/.well-known/openid-configuration")
        astrolabe = Astrolabe(there, provider, ClientSecret("us", "geheim"), clock)
        vault = VaultPasswords(here, cache, own.people, own.store, "next")
        both = WithAstrolabe(vault, astrolabe, own.people, nextcloud.url, here, cache)
        yield World(site, nextcloud, own, clock, astrolabe, both)
        await http.aclose()
        await there.aclose()
        await here.aclose()


async def test_the_token_is_for_openid_alone_and_kept_until_a_minute_before_its_end(world: World) -> None:
    world.leave("alice")
    for now, tokens in ((0, 1), (239, 1), (241, 2)):
        world.clock.now = 1_000_000.0 + now
        left = await world.astrolabe.left("alice")
        assert (left.has_access, left.credential_type, left.provisioned_at) == (True, "app_password", "2026-05-01T08:00:00Z")
        assert len(world.site.forms) == tokens
    assert world.site.forms[0]["grant_type"] == ["client_credentials"]
    assert world.site.forms[0]["scope"] == ["openid"]
    assert left.password not in repr(left)


async def test_nobody_there_is_not_provisioned_and_everything_else_is_an_error(world: World) -> None:
    assert await world.astrolabe.left("bob") == NOTHING
    for answer, kind in ((500, NextcloudError), (403, NextcloudError), ({"user_id": "alice"}, BadAnswer)):
        world.site.answers["bob"] = answer
        with pytest.raises(kind):
            await world.astrolabe.left("bob")
    world.site.answers["bob"] = {"success": True, "user_id": "bob", "has_background_access": True, "sync_type": "refresh_token"}
    left = await world.astrolabe.left("bob")
    assert (left.has_access, left.credential_type, left.password) == (True, None, None)


async def test_a_token_that_is_refused_is_replaced_once(world: World) -> None:
    world.leave("alice")
    await world.astrolabe.left("alice")
    world.site.accepted = "something newer"
    assert (await world.astrolabe.left("alice")).has_access
    assert len(world.site.forms) == 2
    world.site.answers["alice"] = 401
    with pytest.raises(CredentialRefused):
        await world.astrolabe.left("alice")
    assert len(world.site.forms) == 3


async def test_only_people_seen_calling_are_looked_up_and_each_gets_their_own(world: World) -> None:
    world.leave("alice")
    world.leave("bob")
    assert await world.both.users() == []
    assert await world.both.offline("alice") is None
    assert world.site.asked == []
    await world.both.seen("alice")
    assert await world.both.users() == ["alice"]
    session = await world.both.offline("alice")
    assert session
    assert await session.uid() == "alice"
    assert await world.both.offline("bob") is None
    assert await world.own.store.users() == []
    assert await world.own.database.all("select kind from secret") == []


async def test_a_password_in_the_vault_wins_and_astrolabe_is_not_asked(world: World) -> None:
    await world.both.seen("alice")
    kept = world.nextcloud.sandbox.new_app_password("alice", "vault", "alice").token
    async with world.own.database.transaction() as transaction:
        await world.own.store.store("alice", "alice", kept, None, "api", on=transaction)
    world.leave("alice")
    assert await world.both.users() == ["alice"]
    assert await world.both.offline("alice")
    assert world.site.asked == []


async def test_a_password_of_somebody_else_is_not_used(world: World) -> None:
    await world.both.seen("alice")
    world.leave("alice")
    world.site.answers["alice"]["app_password"] = world.nextcloud.sandbox.new_app_password("bob", "x", "bob").token
    world.site.answers["alice"]["login_name"] = "bob"
    assert await world.both.users() == []
    assert await world.both.offline("alice") is None


async def test_a_login_name_that_is_not_the_user_id(world: World) -> None:
    await world.both.seen("carol-4f2a")
    world.leave("carol-4f2a", "carol@example.test")
    session = await world.both.offline("carol-4f2a")
    assert session
    assert await session.uid() == "carol-4f2a"


async def test_what_was_taken_back_ends_and_an_outage_ends_nothing(world: World) -> None:
    await world.both.seen("alice")
    await world.both.seen("bob")
    world.leave("alice")
    assert await world.both.users() == ["alice"]
    world.site.answers["alice"] = world.site.answers["bob"] = 500
    assert await world.both.users() == ["alice"]
    assert await world.both.offline("alice")
    del world.site.answers["alice"]
    assert await world.both.users() == []
    assert await world.both.offline("alice") is None


async def test_after_a_restart_an_outage_is_told_and_not_taken_for_an_empty_list(world: World) -> None:
    await world.both.seen("alice")
    again = WithAstrolabe(world.both.vault, world.astrolabe, world.own.people, world.both.issuer, world.both.transport, Cache())
    world.site.answers["alice"] = 500
    with pytest.raises(NextcloudError):
        await again.users()
    world.leave("alice")
    assert await again.users() == ["alice"]


async def test_a_provider_without_the_grant_is_named_and_the_way_is_off(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.site.grants = ["authorization_code"]
    world.leave("alice")
    await world.both.seen("alice")
    await world.both.announce()
    assert "client_credentials" in caplog.text
    assert await world.both.users() == []
    assert await world.both.offline("alice") is None
    assert world.site.asked == world.site.forms == []


async def test_a_provider_that_does_not_answer_yet_is_asked_again(world: World) -> None:
    await world.both.seen("alice")
    world.leave("alice")
    provider = LateProvider(world.astrolabe.provider.http, "http://127.0.0.1:9/.well-known/openid-configuration")
    world.astrolabe.provider, found = provider, world.astrolabe.provider
    await world.both.announce()
    with pytest.raises(Unreachable):
        await world.both.users()
    world.astrolabe.provider = found
    assert await world.both.users() == ["alice"]


def managing(world: World) -> Management:
    rates, signed_out = Rates(world.own.database), SignedOut(world.own.database, world.own.events, world.own.audit)
    own = world.own
    kept = Keeping(own.database, own.audit, own.vault, own.events, own.people, own.store, rates, signed_out)
    outbound = CallersOwn(world.both.transport, world.both.cache, world.both)
    inbound = PassThrough(world.both.issuer, sessions(world.both.transport))
    return Management(inbound, outbound, kept, world.both.transport, True, elsewhere=world.both)


async def test_management_sees_what_was_left_and_when_for_that_person_alone(world: World) -> None:
    world.leave("alice")
    world.site.answers["bob"] = {"success": True, "user_id": "bob", "has_background_access": False}
    manage = managing(world)
    given = await manage.given("alice")
    assert given
    assert (given.at, given.scopes) == (datetime(2026, 5, 1, 8, tzinfo=UTC).timestamp(), None)
    assert await manage.given("bob") is None
    world.site.answers["alice"]["provisioned_at"] = 1_777_622_400
    assert await manage.given("alice") == given
    world.site.answers["alice"]["provisioned_at"] = "yesterday"
    assert (await manage.given("alice")) == Given(None, None)


async def test_taking_back_through_management_ends_what_was_left_at_nextcloud_too(world: World) -> None:
    for user in ("alice", "bob"):
        await world.both.seen(user)
        world.leave(user)
    assert await world.both.users() == ["alice", "bob"]
    manage = managing(world)
    assert await manage.revoke(Caller(world.both.issuer, "alice"), "alice") == "The access is deleted."
    assert world.site.answers["alice"]["app_password"], "Astrolabe still hands it over"
    assert await manage.given("alice") is None
    assert await world.both.users() == ["bob"]
    assert await world.both.offline("alice") is None
    assert await world.both.offline("bob")


async def test_what_cannot_be_taken_back_is_told(world: World) -> None:
    world.leave("alice")
    manage = managing(world)
    world.both.transport, there = nextcloud_at("http://127.0.0.1:9"), world.both.transport
    told = await manage.revoke(Caller(world.both.issuer, "alice"), "alice")
    assert told.startswith("The access is deleted here. Nextcloud could not delete it")
    await world.both.transport.aclose()
    world.both.transport = there
    assert await manage.given("alice")
