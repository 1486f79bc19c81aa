"""What is done from time to time: remove what is over, renew what ends soon, keep the rest; one replica at a time."""

from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from nextcloud_mcp_server.auth import upkeep
from nextcloud_mcp_server.auth.oidc.discovery import Provider
from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.oidc.http import ClientSecret
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenAnswer, TokenEndpoint
from nextcloud_mcp_server.auth.outbound.grants import KIND, Grants
from nextcloud_mcp_server.auth.server.clients import Clients
from nextcloud_mcp_server.auth.server.rates import Rates
from nextcloud_mcp_server.auth.server.tokens import REFRESH_SECONDS, Asked, Tokens
from nextcloud_mcp_server.auth.signed_out import SignedOut
from nextcloud_mcp_server.auth.upkeep import RENEW_WITHIN, Upkeep
from nextcloud_mcp_server.storage import Audit, Database, Events, Leases, Unavailable, Vault, new_key
from tests.unit.auth.stub_http import StubHttp

NOW = 1_800_000_000.0
DAY = 86_400.0
ISSUER, DESK = "https://sso.example", Asked("desk", "http://127.0.0.1/cb", "x" * 43, "https://mcp.example/mcp", frozenset({"notes:read"}))


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


class Rotating(TokenEndpoint):
    """Gives every refresh token a successor once; `refused` are errors by refresh token."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(Provider(ISSUER, "", "", scopes=frozenset({"notes:read"})), ClientSecret("us"), StubHttp(), clock=clock)
        self.clock = clock
        self.spent: list[str] = []
        self.scopes: list[set[str]] = []
        self.refused: dict[str, Exception] = {}

    async def refresh(self, token: str, scopes: Any, resource: str | None) -> TokenAnswer:
        self.spent.append(token)
        self.scopes.append(set(scopes))
        if token in self.refused:
            raise self.refused[token]
        return TokenAnswer(f"access of {token}", self.clock() + 300, f"{token}+", self.clock() + 900)


@dataclass
class Place:
    database: Database
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.audit = Audit(self.database, retention_days=365, clock=self.clock)
        self.events = Events(self.database)
        self.vault = Vault(self.database, self.audit, [new_key()], clock=self.clock)
        self.tokens = Tokens(self.database, self.events, self.audit, clock=self.clock)
        self.endpoint = Rotating(self.clock)
        self.grants = Grants(self.database, self.vault, self.audit, self.events, self.endpoint, clock=self.clock)
        self.signed_out = SignedOut(self.database, self.events, self.audit, clock=self.clock)

    def upkeep(self) -> Upkeep:
        clients, rates = Clients(self.database, {}, None), Rates(self.database)
        return Upkeep(
            self.vault, self.audit, self.events, Leases(self.database), self.tokens, clients, rates, self.signed_out, None, self.grants,
            lambda: {"notes:read", "files:read"},
        )  # fmt: skip

    async def granted(self, id: str, ends: float, *, offline: bool = True, scopes: str = "notes:read notes:write") -> None:
        answer = TokenAnswer(f"access of {id}", self.clock() + 300, f"refresh of {id}", ends)
        await self.grants.store(id, ISSUER, f"person {id}", "desk", answer, frozenset(scopes.split()), offline)

    async def states(self) -> dict[str, str]:
        return {row["id"]: row["state"] for row in await self.database.all("select id, state from offline_grant")}

    async def events_of(self, user: str) -> list[str]:
        return [entry.event for entry in await self.audit.read(user=user)]


@pytest.fixture
async def place(database: Database) -> Place:
    made = Place(database)
    await made.events.start()
    return made


async def test_what_is_over_goes_is_audited_and_the_rest_stays(place: Place) -> None:
    for key, ends in (("over", NOW - 1), ("good", NOW + 60), ("for ever", None)):
        await place.vault.put("browser", key, {"a": key}, user="alice", expires_at=ends)
    await place.upkeep().once()
    assert await place.vault.keys("browser") == ["for ever", "good"]
    assert (await place.events_of("alice"))[0] == "secret.expired"
    assert (await place.events_of("alice")).count("secret.expired") == 1


async def test_the_audit_is_kept_for_its_days_and_no_longer(place: Place) -> None:
    place.clock.now = NOW - 366 * DAY
    await place.audit.note("old", "alice")
    place.clock.now = NOW - 364 * DAY
    await place.audit.note("young", "alice")
    place.clock.now = NOW
    await place.upkeep().once()
    assert await place.events_of("alice") == ["young"]


async def test_tokens_go_a_day_after_their_end_with_families_that_have_nothing_left(place: Place) -> None:
    await place.tokens.code(DESK, ISSUER, "alice", "old")
    place.clock.now = NOW + REFRESH_SECONDS
    await place.tokens.code(DESK, ISSUER, "bob", "new")
    await place.upkeep().once()
    assert [row["id"] for row in await place.database.all("select id from oauth_family")] == ["new"]
    assert len(await place.database.all("select hash from oauth_token")) == 1


async def test_grants_are_renewed_before_they_end_with_what_background_work_reads_by(place: Place) -> None:
    await place.granted("soon", NOW + RENEW_WITHIN - 1)
    await place.granted("late", NOW + RENEW_WITHIN + 60)
    await place.granted("session", NOW + 10, offline=False)
    await place.tokens.code(DESK, ISSUER, "person session", "session")
    await place.upkeep().once()
    assert place.endpoint.spent == ["refresh of soon"]
    assert place.endpoint.scopes == [{"openid", "offline_access", "notes:read"}]
    await place.upkeep().once()
    assert len(place.endpoint.spent) == 1, "it ends later now"
    place.clock.now += 900 - RENEW_WITHIN + 1
    await place.upkeep().once()
    assert sorted(place.endpoint.spent) == ["refresh of late", "refresh of soon", "refresh of soon+"]


async def test_one_grant_that_cannot_be_renewed_or_does_not_open_is_that_persons_loss_alone(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    for id in ("a broken", "b ended", "c outage", "d good"):
        await place.granted(id, NOW + 10)
    await place.database.run("update secret set value = ? where kind = ? and key = ?", b"nonsense", KIND, "a broken")
    place.endpoint.refused = {"refresh of b ended": OAuthRefused("invalid_grant"), "refresh of c outage": OAuthRefused("invalid_client")}
    await place.upkeep().once()
    assert await place.states() == {"a broken": "active", "b ended": "lost", "c outage": "active", "d good": "active"}
    assert place.endpoint.spent[-1] == "refresh of d good"
    assert "person a broken" in caplog.text
    assert "grant.lost" in await place.events_of("person b ended")
    assert "grant.lost" not in await place.events_of("person c outage")


async def test_a_grant_that_served_a_session_goes_with_it(place: Place) -> None:
    for family in ("over", "going on"):
        await place.granted(family, NOW + DAY, offline=False)
        await place.tokens.code(DESK, ISSUER, f"person {family}", family)
    await place.granted("away", NOW + DAY)
    await place.tokens.end("over", "oauth.revoked")
    await place.upkeep().once()
    assert set(await place.states()) == {"going on", "away"}


async def test_one_replica_does_it_and_an_outage_ends_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[str] = []
    enough = anyio.Event()

    class Counted(Upkeep):
        async def once(self) -> None:
            rounds.append(self.leases.owner)
            if len(rounds) == 2:
                raise Unavailable("The database does not answer.")
            if len(rounds) >= 4:
                enough.set()

    monkeypatch.setattr(upkeep, "INTERVAL", 0.01)
    monkeypatch.setattr(upkeep, "LEASE_SECONDS", 120.0)
    replicas = [Counted(place.vault, place.audit, place.events, Leases(place.database)) for _ in range(2)]
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            for each in replicas:
                group.start_soon(each.run)
            await enough.wait()
            group.cancel_scope.cancel()
    assert len(set(rounds)) == 1
