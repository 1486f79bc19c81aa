"""What people allowed for work while they are away is its limit, whether or not the provider knows the scopes of the apps."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast

import pytest

from nextcloud_mcp_server.auth.inbound.management import METHOD
from nextcloud_mcp_server.auth.management import Management
from nextcloud_mcp_server.auth.oidc.discovery import Provider
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import ClientSecret
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenAnswer, TokenEndpoint
from nextcloud_mcp_server.auth.outbound.broker import TokenBroker
from nextcloud_mcp_server.auth.outbound.grants import Grants
from nextcloud_mcp_server.auth.server.provider_gate import ProviderGate
from nextcloud_mcp_server.auth.server.requests import AuthorizationRequest
from nextcloud_mcp_server.auth.server.sign_ins import SignIn
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.storage import Database
from nextcloud_mcp_server.web.search_api import who
from tests.identity.own_server import State, nextcloud_at, state
from tests.unit.auth.stub_http import StubHttp
from tests.unit.auth.tokens import CLIENT, ISSUER, NOW, Signer

SIGNER = Signer()
OPENID = frozenset({"openid", "offline_access"})
APPS = frozenset({"notes:read", "notes:write", "files:read"})
READING = frozenset({"notes:read", "files:read", "calendar:read"})


class Endpoint(TokenEndpoint):
    """A provider that gives what it is asked for, but what somebody `unticked`, and at a refresh nothing beyond that."""

    person, nonce = "", ""
    asked: frozenset[str] = frozenset()
    unticked: frozenset[str] = frozenset()

    @cached_property
    def given(self) -> dict[str, frozenset[str]]:
        return {}

    async def code(self, code: str, redirect_uri: str, verifier: str, resource: str | None) -> TokenAnswer:
        claims = {"iss": ISSUER, "aud": CLIENT, "sub": self.person, "exp": int(NOW) + 300, "nonce": self.nonce}
        given = self.given[f"refresh of {self.person}"] = self.asked - self.unticked
        told = given if self.provider.scopes else None
        return TokenAnswer("access", NOW + 300, f"refresh of {self.person}", None, SIGNER.sign(claims, typ="JWT"), told)

    async def refresh(self, token: str, scopes: Iterable[str], resource: str | None) -> TokenAnswer:
        if refused := frozenset(scopes) - self.given[token]:
            raise OAuthRefused("invalid_scope", " ".join(refused))
        return TokenAnswer("another access", NOW + 300, token)


@dataclass
class Place:
    own: State
    endpoint: Endpoint
    gate: ProviderGate
    management: Management
    broker: TokenBroker

    async def allows(self, user: str, *scopes: str, unticked: Iterable[str] = ()) -> None:
        """This person signs a client in that asks for `scopes`, and allows work while they are away."""
        request = AuthorizationRequest("desk", "Desk", "", "http://127.0.0.1/cb", None, "", "", ("openid", *scopes))
        sign_in = SignIn("state", request, "", "", NOW + 600, offline=True)
        away = (await self.gate.leave(sign_in)).away
        self.endpoint.person, self.endpoint.nonce = user, away["nonce"]
        self.endpoint.asked, self.endpoint.unticked = frozenset(away["asked"]), frozenset(unticked)
        assert await self.gate.arrive(replace(sign_in, away=away), {"code": "c"})
        await self.own.people.bind(ISSUER, user, f"nc-{user}")

    async def older_password(self, user: str, scopes: frozenset[str] | None) -> None:
        """An app password with its limit, from when the server ran in another mode."""
        async with self.own.database.transaction() as transaction:
            await self.own.store.store(f"nc-{user}", user, "an app password", scopes, "api", on=transaction)

    async def limit(self, user: str) -> frozenset[str] | None:
        """To what the search of the management API limits a token of the Nextcloud side for this person."""

        async def asking(_: object) -> tuple[Caller, str]:
            return Caller(ISSUER, user, frozenset({"openid"}), method=METHOD), f"nc-{user}"

        sides = SimpleNamespace(now=lambda: SimpleNamespace(management=self.management))
        caller, _, _ = await who(cast(Any, SimpleNamespace(sides=sides, user=asking)), cast(Any, None))
        return None if caller.granted is None else caller.granted - OPENID


def place(database: Database, knows: frozenset[str]) -> Place:
    own, http = state(database), StubHttp(certs={"keys": [SIGNER.jwk()]})
    provider = Provider(ISSUER, "https://sso.example/auth", "https://sso.example/token", scopes=knows)
    endpoint = Endpoint(provider, ClientSecret(CLIENT), http, clock=lambda: NOW)
    grants = Grants(database, own.vault, own.audit, own.events, endpoint, clock=lambda: NOW)
    jwks = Jwks(http, "https://sso.example/certs")
    gate = ProviderGate(endpoint, jwks, http, grants, "https://mcp.example/oauth/callback", offline=True, clock=lambda: NOW)
    transport = nextcloud_at("http://127.0.0.1:1")
    broker = TokenBroker(transport, Cache(), own.people, ISSUER, grants, grants, lambda: READING, "Sign in again.")
    management = Management(cast(Any, None), broker, cast(Any, own), transport, False, broker=broker)
    return Place(own, endpoint, gate, management, broker)


KNOWS = {"the apps": OPENID | APPS, "OpenID's own alone": OPENID, "what it does not tell": frozenset[str]()}


@pytest.fixture(params=KNOWS)
async def here(request: pytest.FixtureRequest, database: Database) -> Place:
    made = place(database, KNOWS[request.param])
    await made.own.events.start()
    return made


async def test_the_limit_is_what_each_person_allowed_and_background_work_reads_no_more(here: Place) -> None:
    await here.allows("alice", "notes:read", "notes:write", "files:read")
    await here.allows("bob", "notes:read")
    assert (await here.limit("alice"), await here.broker.granted("nc-alice")) == (APPS, {"notes:read", "files:read"})
    assert (await here.limit("bob"), await here.broker.granted("nc-bob")) == ({"notes:read"}, {"notes:read"})


async def test_the_provider_is_asked_for_nothing_that_it_does_not_know(here: Place) -> None:
    await here.allows("alice", "notes:read", "notes:write", "files:read")
    (grant,) = await here.broker.grants.of(ISSUER, "alice")
    assert await here.broker.grants.access_token(grant.id, grant.scopes, unlike="access") == "another access"


async def test_what_somebody_did_not_give_at_the_provider_stays_out(database: Database) -> None:
    here = place(database, KNOWS["the apps"])
    await here.allows("alice", "notes:read", "files:read", unticked={"files:read"})
    await here.allows("bob", "notes:read", "files:read")
    assert (await here.limit("alice"), await here.limit("bob")) == ({"notes:read"}, {"notes:read", "files:read"})


async def test_a_stored_limit_stays_a_limit(here: Place) -> None:
    for user in ("alice", "bob"):
        await here.allows(user, "notes:read", "files:read")
    await here.older_password("alice", frozenset({"files:read", "deck:read"}))
    assert (await here.limit("alice"), await here.limit("bob")) == ({"files:read"}, {"notes:read", "files:read"})
    await here.older_password("alice", None)
    assert await here.limit("alice") == {"notes:read", "files:read"}


async def test_a_grant_that_is_lost_or_of_another_provider_gives_nothing(here: Place) -> None:
    await here.allows("alice", "notes:read")
    await here.own.people.bind("https://elsewhere.example", "alice", "nc-alice")
    await here.older_password("bob", None)
    assert await here.management.given("nc-alice")
    assert await here.management.given("nc-bob") is None
    await here.broker.grants.lose_all()
    assert await here.management.given("nc-alice") is None
    assert await here.broker.granted("nc-alice") == frozenset()
