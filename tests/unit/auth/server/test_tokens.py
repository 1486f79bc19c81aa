from dataclasses import dataclass

import anyio
import pytest

from nextcloud_mcp_server.auth.inbound.token_cache import CachedVerifier
from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.server.tokens import ACCESS_SECONDS, CODE_SECONDS, REFRESH_SECONDS, Asked, Issued, OwnVerifier, Tokens, fits
from nextcloud_mcp_server.storage import Audit, Database, Events, open_database
from tests.providers.person import Pkce

RESOURCE, URI = "https://mcp.example/mcp", "https://app.example/cb"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Server:
    tokens: Tokens
    events: Events
    audit: Audit
    clock: Clock
    pkce: Pkce

    async def code(self, subject: str = "alice", client: str = "app", scopes: tuple[str, ...] = ("notes:read", "notes:write")) -> str:
        return await self.tokens.code(Asked(client, URI, self.pkce.challenge, RESOURCE, frozenset(scopes)), "https://i", subject)

    async def redeem(
        self, code: str, client: str = "app", uri: str = URI, verifier: str | None = None, resource: str | None = None
    ) -> Issued:
        return await self.tokens.redeem(code, client, uri, verifier or self.pkce.verifier, resource)

    async def issued(self, subject: str = "alice") -> Issued:
        return await self.redeem(await self.code(subject))


@pytest.fixture
async def server(database: Database) -> Server:
    clock, events, audit = Clock(), Events(database), Audit(database)
    await events.start()
    return Server(Tokens(database, events, audit, clock=clock), events, audit, clock, Pkce())


async def test_a_code_gives_tokens_for_what_was_approved(server: Server) -> None:
    issued = await server.issued()
    found = await server.tokens.find(issued.access_token, RESOURCE)
    assert (found.subject, found.client_id, found.scopes) == ("alice", "app", {"notes:read", "notes:write"})
    assert found.expires_at == server.clock.now + ACCESS_SECONDS


async def test_nothing_that_was_issued_is_stored_readably(server: Server, database: Database) -> None:
    code = await server.code()
    issued = await server.redeem(code)
    stored = str(await database.all("select * from oauth_token")) + str(await server.audit.read())
    assert not any(secret in stored for secret in (code, issued.access_token, issued.refresh_token, server.pkce.verifier))
    assert issued.access_token not in repr(issued)


async def test_a_code_works_once_and_a_second_use_ends_what_the_first_gave(server: Server) -> None:
    code = await server.code()
    issued = await server.redeem(code)
    other = await server.issued("bob")
    with pytest.raises(OAuthRefused, match="invalid_grant"):
        await server.redeem(code)
    with pytest.raises(Refused):
        await server.tokens.find(issued.access_token, RESOURCE)
    assert (await server.tokens.find(other.access_token, RESOURCE)).subject == "bob"
    assert (await server.audit.read(user="alice"))[0].event == "oauth.reused"


@pytest.mark.parametrize(
    "wrong",
    [{"client": "other"}, {"uri": URI + "/"}, {"verifier": "x" * 43}, {"verifier": "short"}, {"resource": "https://evil.example/mcp"}],
)
async def test_a_code_is_bound_to_client_redirect_challenge_and_resource(server: Server, wrong: dict[str, str]) -> None:
    code = await server.code()
    with pytest.raises(OAuthRefused) as refused:
        await server.redeem(code, **wrong)
    assert refused.value.error in ("invalid_grant", "invalid_target")
    if wrong != {"client": "other"}:
        with pytest.raises(OAuthRefused):
            await server.redeem(code)


async def test_a_stranger_cannot_spend_a_code(server: Server) -> None:
    code = await server.code()
    with pytest.raises(OAuthRefused):
        await server.redeem(code, client="other")
    assert await server.redeem(code)


async def test_codes_and_tokens_end(server: Server) -> None:
    code, issued = await server.code(), await server.issued()
    server.clock.now += CODE_SECONDS
    with pytest.raises(OAuthRefused, match="expired"):
        await server.redeem(code)
    server.clock.now += ACCESS_SECONDS
    with pytest.raises(Refused, match="expired"):
        await server.tokens.find(issued.access_token, RESOURCE)
    server.clock.now += REFRESH_SECONDS
    with pytest.raises(OAuthRefused, match="expired"):
        await server.tokens.refresh(issued.refresh_token, "app", None, None)


async def test_a_refresh_token_rotates_and_its_reuse_ends_the_family_on_every_replica(
    server: Server, database: Database, database_address: str
) -> None:
    elsewhere = open_database(database_address)
    await elsewhere.open()
    events = Events(elsewhere)
    await events.start()
    cached = CachedVerifier(OwnVerifier(Tokens(elsewhere, events, Audit(elsewhere), clock=server.clock), RESOURCE), clock=server.clock)
    cached.listen(events)
    first = await server.issued()
    second = await server.tokens.refresh(first.refresh_token, "app", None, None)
    assert (await cached.verify(second.access_token)).subject == "alice"
    with pytest.raises(OAuthRefused):
        await server.tokens.refresh(first.refresh_token, "app", None, None)
    await events.poll()
    with pytest.raises(Refused):
        await cached.verify(second.access_token)
    with pytest.raises(OAuthRefused):
        await server.tokens.refresh(second.refresh_token, "app", None, None)
    await elsewhere.close()


async def test_of_fifty_uses_at_once_one_succeeds(server: Server) -> None:
    issued, outcomes = await server.issued(), list[str]()

    async def use() -> None:
        try:
            await server.tokens.refresh(issued.refresh_token, "app", None, None)
            outcomes.append("issued")
        except OAuthRefused as refused:
            outcomes.append(refused.error)

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(use)
    assert sorted(outcomes) == ["invalid_grant"] * 49 + ["issued"]


async def test_a_refresh_can_narrow_and_never_widen(server: Server) -> None:
    issued = await server.issued()
    with pytest.raises(OAuthRefused, match="invalid_scope"):
        await server.tokens.refresh(issued.refresh_token, "app", frozenset({"files:read"}), None)
    with pytest.raises(OAuthRefused, match="invalid_target"):
        await server.tokens.refresh(issued.refresh_token, "app", None, "https://evil.example")
    narrow = await server.tokens.refresh(issued.refresh_token, "app", frozenset({"notes:read"}), RESOURCE)
    assert (await server.tokens.find(narrow.access_token, RESOURCE)).scopes == {"notes:read"}
    wide = await server.tokens.refresh(narrow.refresh_token, "app", None, None)
    assert wide.scopes == {"notes:read", "notes:write"}


async def test_a_client_revokes_its_own_tokens_only(server: Server) -> None:
    issued = await server.issued()
    assert await server.tokens.revoke(issued.access_token, "other") is None
    assert await server.tokens.find(issued.access_token, RESOURCE)
    assert await server.tokens.revoke("unknown", "app") is None
    assert await server.tokens.revoke(issued.refresh_token, "app") == issued.family
    with pytest.raises(Refused):
        await server.tokens.find(issued.access_token, RESOURCE)


async def test_a_token_of_another_resource_and_a_refresh_token_are_refused(server: Server) -> None:
    issued = await server.issued()
    with pytest.raises(Refused, match=r"https://other.example/mcp.*https://mcp.example/mcp"):
        await server.tokens.find(issued.access_token, "https://other.example/mcp")
    for token in (issued.refresh_token, "", "x", await server.code()):
        with pytest.raises(Refused):
            await server.tokens.find(token, RESOURCE)


async def test_what_is_long_over_is_forgotten(server: Server, database: Database) -> None:
    await server.issued()
    server.clock.now += REFRESH_SECONDS + 2 * 86_400
    await server.issued("bob")
    assert await server.tokens.prune() == 3
    assert [row["subject"] for row in await database.all("select subject from oauth_family")] == ["bob"]


def test_the_example_of_rfc_7636() -> None:
    assert fits("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    assert not fits("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
