"""Tokens that Nextcloud accepts: by exchange, by the person's own grant, forwarded, and in the background; with real providers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import anyio
import pytest

from nextcloud_mcp_server.auth.inbound.claims import Expected
from nextcloud_mcp_server.auth.inbound.jwt_tokens import JwtVerifier
from nextcloud_mcp_server.auth.oidc.discovery import Provider, discover
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenEndpoint
from nextcloud_mcp_server.auth.outbound.broker import Forward, TokenBroker
from nextcloud_mcp_server.auth.outbound.exchange import Exchange
from nextcloud_mcp_server.auth.outbound.grants import Grants, NeedsConsent
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import CredentialRefused, NotPermitted, Unreachable
from nextcloud_mcp_server.nextcloud.capabilities import Cache
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.storage import Database
from tests.identity.bearer_nextcloud import BearerNextcloud, bearer_nextcloud
from tests.identity.own_server import State, nextcloud_at, state
from tests.providers.keycloak import CLIENT, SECRET, Keycloak
from tests.providers.node_provider import NEXTCLOUD, NodeProvider

READS = frozenset({"notes:read", "files:read"})


@dataclass
class World:
    """A provider, a Nextcloud that accepts its tokens, and a broker between them."""

    keycloak: Keycloak
    provider: Provider
    http: OidcHttp
    nextcloud: BearerNextcloud
    own: State
    grants: Grants
    exchange: Exchange
    jwks: Jwks
    transports: list[Transport] = field(default_factory=list)

    def broker(self, way: Exchange | Grants | Forward | None = None, impersonate: Exchange | None = None) -> TokenBroker:
        transport = nextcloud_at(self.nextcloud.url)
        self.transports.append(transport)
        return TokenBroker(
            transport, Cache(), self.own.people, self.provider.issuer, way or self.exchange, self.grants, lambda: READS, "Sign in again.",
            impersonate,
        )  # fmt: skip

    async def caller(self, user: str, scope: str = "openid notes:read notes:write", **more: str) -> Caller:
        token = (await anyio.to_thread.run_sync(lambda: self.keycloak.tokens(user, scope, **more)))["access_token"]
        expected = Expected(self.provider.issuer, self.keycloak.resource, ClientSecret(CLIENT))
        return (await JwtVerifier(expected, self.jwks).verify(token)).caller()

    async def granted(self, user: str) -> tuple[str, str]:
        """A grant for work while away, and the user's `sub`."""
        told = await anyio.to_thread.run_sync(lambda: self.keycloak.tokens(user, "openid offline_access notes:read notes:write"))
        sub = self.nextcloud.claims(told["access_token"])["sub"]
        endpoint = self.grants._endpoint
        answer = await endpoint.refresh(told["refresh_token"], (), None)
        await self.grants.store(f"family-{user}", self.provider.issuer, sub, "app", answer, answer.scopes or frozenset(), True)
        await self.own.people.bind(self.provider.issuer, sub, f"nc-{sub}")
        return f"family-{user}", sub


@pytest.fixture
async def world(keycloak: Keycloak, database: Database) -> AsyncIterator[World]:
    own, http = state(database), OidcHttp()
    await own.events.start()
    provider = await discover(http, keycloak.discovery_url)
    endpoint, jwks = TokenEndpoint(provider, ClientSecret(CLIENT, SECRET), http), Jwks(http, provider.jwks_uri)
    grants = Grants(database, own.vault, own.audit, own.events, endpoint, resource="nextcloud")
    exchange = Exchange(endpoint, "nextcloud", JwtVerifier(Expected(provider.issuer, "nextcloud"), jwks), own.audit)
    async with bearer_nextcloud(provider.jwks_uri, "nextcloud") as nextcloud:
        made = World(keycloak, provider, http, nextcloud, own, grants, exchange, jwks)
        yield made
        for transport in made.transports:
            await transport.aclose()
    await http.aclose()


async def test_an_exchanged_token_reaches_nextcloud_as_the_same_person_with_less(world: World) -> None:
    broker = world.broker()
    caller = await world.caller("alice", "openid notes:read notes:write files:read")
    session = await broker.session(replace(caller, scopes=frozenset({"notes:read"})))
    claims = world.nextcloud.claims(world.nextcloud.seen[-1])
    assert await session.uid() == f"nc-{claims['sub']}" == f"nc-{caller.subject}"
    assert claims["aud"] == "nextcloud"
    assert {scope for scope in claims["scope"].split() if ":" in scope} == {"notes:read"}
    assert caller.credential.token not in world.nextcloud.seen  # type: ignore[attr-defined]


async def test_each_caller_gets_their_own_and_nothing_is_stored(world: World, database: Database) -> None:
    broker = world.broker()
    for user in ("alice", "bob"):
        caller = await world.caller(user)
        for _ in range(3):
            assert await (await broker.session(caller)).uid() == f"nc-{caller.subject}"
    assert await database.all("select * from secret") == []
    assert len(await database.all("select * from person")) == 2


async def test_first_calls_at_once_are_made_one_by_one(world: World) -> None:
    broker, caller = world.broker(), await world.caller("alice")
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(broker.session, caller)
    assert len(world.nextcloud.seen) == 1
    assert world.nextcloud.most_at_once == 1


async def test_a_token_that_does_not_name_this_client_cannot_be_exchanged_and_the_error_says_what_to_do(world: World) -> None:
    caller = await world.caller("alice")
    unknown = TokenEndpoint(world.provider, ClientSecret("nobody", "x"), world.http)
    other = Exchange(unknown, "nextcloud", JwtVerifier(Expected("i", "n"), world.jwks), world.own.audit)
    with pytest.raises(CredentialRefused) as told:
        await world.broker(other).session(caller)
    assert told.value.hint
    assert caller.credential.token not in told.value.explain()  # type: ignore[attr-defined]


async def test_an_exchanged_token_for_another_audience_is_thrown_away(world: World) -> None:
    checked = Exchange(
        world.grants._endpoint, "nextcloud", JwtVerifier(Expected(world.provider.issuer, "elsewhere"), world.jwks), world.own.audit
    )
    with pytest.raises(CredentialRefused, match="not for Nextcloud"):
        await world.broker(checked).session(await world.caller("alice"))
    assert world.nextcloud.seen == []


async def test_a_refused_token_is_replaced_once(world: World) -> None:
    broker, caller = world.broker(), await world.caller("alice")
    session = await broker.session(caller)
    first = world.nextcloud.seen[-1]
    world.nextcloud.refused.add(first)
    assert (await session.ocs("GET", "/cloud/user", what="the account"))["id"] == f"nc-{caller.subject}"
    assert world.nextcloud.seen[-1] != first


async def test_forwarding_needs_both_audiences(world: World) -> None:
    way = Forward(world.keycloak.resource, ClientSecret(CLIENT), "nextcloud")
    caller = await world.caller("alice")
    broker = world.broker(way)
    assert await (await broker.session(caller)).uid() == f"nc-{caller.subject}"
    assert world.nextcloud.seen[-1] == caller.credential.token  # type: ignore[attr-defined]
    client = (await anyio.to_thread.run_sync(world.keycloak.register))["client_id"]
    with pytest.raises(CredentialRefused, match=r"and nextcloud are both"):
        await broker.session(await world.caller("alice", client=client, secret=None))  # type: ignore[arg-type]


async def test_background_work_uses_the_grant_and_reads_only(world: World) -> None:
    _, sub = await world.granted("alice")
    broker = world.broker()
    session = await broker.offline(f"nc-{sub}")
    assert session
    assert await session.uid() == f"nc-{sub}"
    await session.ocs("GET", "/cloud/user", what="the account")
    claims = world.nextcloud.claims(world.nextcloud.seen[-1])
    assert {scope for scope in claims["scope"].split() if ":" in scope} == {"notes:read"}
    assert await broker.offline("nc-somebody-else") is None


async def test_background_work_reads_what_the_grant_covers_and_no_more(world: World) -> None:
    """Alice granted notes alone."""
    _, sub = await world.granted("alice")
    broker = world.broker()
    assert await broker.granted(f"nc-{sub}") == {"notes:read"}
    assert await broker.granted("nc-bob") == frozenset()


async def test_a_grant_revoked_at_the_provider_needs_consent_and_its_scanner_is_told(world: World, database: Database) -> None:
    id, sub = await world.granted("alice")
    lost: list[str | None] = []
    world.own.events.subscribe("grant-lost", lost.append)
    secret = await world.own.vault.get("provider-grant", id)
    assert secret
    await world.grants._endpoint.revoke(secret.value["refresh_token"])
    broker = world.broker()
    assert await broker.offline(f"nc-{sub}") is None
    assert lost == [id]
    found = await world.grants.find(id)
    assert found
    assert found.state == "lost"
    with pytest.raises(NeedsConsent):
        await world.grants.access_token(id, {"openid"})
    assert (await world.own.audit.read(user=sub))[0].event == "grant.lost"


async def test_a_provider_that_is_down_costs_nobody_their_grant(world: World) -> None:
    id, _ = await world.granted("alice")
    good = world.grants._endpoint.provider
    world.grants._endpoint.provider = replace(good, token_endpoint="http://127.0.0.1:1/token")
    with pytest.raises(Unreachable):
        await world.grants.access_token(id, {"openid", "notes:read"})
    world.grants._endpoint.provider = good
    assert await world.grants.access_token(id, {"openid", "notes:read"})


async def test_impersonation_acts_for_who_allowed_it_and_is_noted(world: World) -> None:
    _, sub = await world.granted("alice")
    broker = world.broker(impersonate=world.exchange)
    session = await broker.offline(f"nc-{sub}")
    assert session
    await session.ocs("GET", "/cloud/user", what="the account")
    claims = world.nextcloud.claims(world.nextcloud.seen[-1])
    assert (claims["sub"], claims["aud"]) == (sub, "nextcloud")
    assert [entry.event for entry in await world.own.audit.read(user=sub)][:2] == ["impersonation.used", "impersonation.asked"]
    assert await broker.offline("nc-bob") is None


async def test_a_token_of_somebody_else_is_thrown_away(world: World) -> None:
    bob = await world.caller("bob")
    wrong = await world.exchange.of_caller(bob.credential, {"notes:read"})  # type: ignore[arg-type]
    with pytest.raises(NotPermitted, match="somebody else"):
        await world.exchange._check(wrong.token, "alice-sub")


async def test_impersonation_of_nobody_is_refused_with_what_to_do(world: World) -> None:
    with pytest.raises(CredentialRefused) as told:
        await world.exchange.of_person("no-such-person", {"notes:read"})
    assert told.value.hint


async def test_the_second_provider_exchanges_opaque_tokens(node_provider: NodeProvider, database: Database) -> None:
    from nextcloud_mcp_server.auth.inbound.introspection import IntrospectionVerifier
    from tests.providers.node_provider import RESOURCE

    own, http = state(database), OidcHttp()
    provider = await discover(http, node_provider.discovery_url)
    client = ClientSecret(CLIENT, SECRET)
    inbound = IntrospectionVerifier(Expected(provider.issuer, RESOURCE, client), provider, client, http)
    proof = JwtVerifier(Expected(provider.issuer, NEXTCLOUD), Jwks(http, provider.jwks_uri))
    exchange = Exchange(TokenEndpoint(provider, client, http), NEXTCLOUD, proof, own.audit)
    token = (await anyio.to_thread.run_sync(lambda: node_provider.tokens("alice", "openid notes:read files:read")))["access_token"]
    fresh = await exchange.of_caller(await inbound.verify(token), {"notes:read"})
    found = await proof.verify(fresh.token)
    assert (found.subject, found.scopes) == ("alice", {"notes:read"})
    with pytest.raises(CredentialRefused) as told:
        await exchange.of_person("alice", {"notes:read"})
    assert told.value.hint
    await http.aclose()
