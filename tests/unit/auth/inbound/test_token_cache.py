from dataclasses import replace

import anyio
import pytest

from nextcloud_mcp_server.auth.inbound.token_cache import KEEP_SECONDS, CachedVerifier, digest, user_key
from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified
from nextcloud_mcp_server.core.errors import Unreachable
from nextcloud_mcp_server.storage import Database, Events

FOUND = Verified("https://sso", "alice", frozenset(), None, (), 10_000.0, "token", "session-1")


class Counting:
    """A verifier that counts and can be held up or told to fail."""

    def __init__(self) -> None:
        self.asked = 0
        self.failure: Exception | None = None
        self.gate: anyio.Event | None = None

    async def verify(self, token: str) -> Verified:
        self.asked += 1
        if self.gate:
            await self.gate.wait()
        if self.failure:
            raise self.failure
        return replace(FOUND, subject=token.partition("-")[0], token=token)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def asked() -> Counting:
    return Counting()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(asked: Counting, clock: Clock) -> CachedVerifier:
    return CachedVerifier(asked, clock=clock)


async def test_a_token_is_asked_about_again_after_five_minutes(cache: CachedVerifier, asked: Counting, clock: Clock) -> None:
    for clock.now in (0.0, KEEP_SECONDS - 1):
        assert (await cache.verify("alice-1")).subject == "alice"
    assert asked.asked == 1
    clock.now = KEEP_SECONDS
    await cache.verify("alice-1")
    assert asked.asked == 2


async def test_no_token_outlives_its_expiry(cache: CachedVerifier, asked: Counting, clock: Clock) -> None:
    clock.now = FOUND.expires_at - 10
    await cache.verify("alice-1")
    clock.now = FOUND.expires_at
    asked.failure = Refused("expired")
    with pytest.raises(Refused):
        await cache.verify("alice-1")


async def test_a_refusal_is_kept_for_seconds_and_an_outage_not_at_all(cache: CachedVerifier, asked: Counting, clock: Clock) -> None:
    asked.failure = Unreachable("gone")
    for _ in range(2):
        with pytest.raises(Unreachable):
            await cache.verify("alice-1")
    assert asked.asked == 2
    asked.failure = Refused("bad")
    for _ in range(5):
        with pytest.raises(Refused, match="bad"):
            await cache.verify("alice-1")
    assert asked.asked == 3
    asked.failure, clock.now = None, 6.0
    assert await cache.verify("alice-1")


async def test_notices_from_another_replica_drop_what_they_name(cache: CachedVerifier, asked: Counting, database: Database) -> None:
    events, elsewhere = Events(database), Events(database)
    await events.start()
    cache.listen(events)
    for token in ("alice-1", "alice-2", "bob-1"):
        await cache.verify(token)
    for topic, key, again in [
        ("token-revoked", digest("alice-1"), {"alice-1"}),
        ("user-revoked", user_key("https://sso", "alice"), {"alice-1", "alice-2"}),
        ("session-ended", "session-1", {"alice-1", "alice-2", "bob-1"}),
        ("session-ended", "another", set()),
    ]:
        await elsewhere.publish(topic, key)
        await events.poll()
        before = asked.asked
        for token in ("alice-1", "alice-2", "bob-1"):
            await cache.verify(token)
        assert asked.asked - before == len(again)


async def test_lost_notices_drop_everything(cache: CachedVerifier, asked: Counting) -> None:
    for drop in (cache.drop_token, cache.drop_user, cache.drop_session):
        before = asked.asked
        await cache.verify("alice-1")
        drop(None)
        await cache.verify("alice-1")
        assert asked.asked > before
    assert asked.asked == 4


async def test_a_revocation_during_the_question_wins(cache: CachedVerifier, asked: Counting) -> None:
    asked.gate = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(cache.verify, "alice-1")
        await anyio.lowlevel.checkpoint()
        cache.drop_user(user_key("https://sso", "alice"))
        asked.gate.set()
    await cache.verify("alice-1")
    assert asked.asked == 2


async def test_the_cache_is_bounded(cache: CachedVerifier, asked: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextcloud_mcp_server.auth.inbound.token_cache.MAX_ENTRIES", 3)
    for number in range(10):
        await cache.verify(f"alice-{number}")
    assert len(cache._known) == 3
    await cache.verify("alice-9")
    assert asked.asked == 10
