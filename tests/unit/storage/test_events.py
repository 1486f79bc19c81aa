from collections.abc import AsyncIterator

import anyio
import pytest

from nextcloud_mcp_server.storage import Database, Events, open_database
from nextcloud_mcp_server.storage import events as module


@pytest.fixture
async def other(database: Database, database_address: str) -> AsyncIterator[Database]:
    """A second replica's view of the same database."""
    opened = open_database(database_address)
    await opened.open()
    yield opened
    await opened.close()


async def test_every_replica_hears_a_notice_once(database: Database, other: Database) -> None:
    here, there = Events(database), Events(other)
    heard: list[tuple[str, str | None]] = []
    await there.start()
    here.subscribe("revoked", lambda key: heard.append(("here", key)))
    there.subscribe("revoked", lambda key: heard.append(("there", key)))
    await here.publish("revoked", "alice")
    await here.publish("granted", "bob")
    assert heard == [("here", "alice")]
    await there.poll()
    await there.poll()
    assert heard == [("here", "alice"), ("there", "alice")]


async def test_a_notice_of_a_transaction_that_fails_is_never_told(database: Database) -> None:
    events = Events(database)
    heard: list[str | None] = []
    await events.start()
    events.subscribe("revoked", heard.append)

    async def fails() -> None:
        async with database.transaction() as transaction:
            await events.publish("revoked", "alice", on=transaction)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await fails()
    await events.poll()
    assert heard == []
    async with database.transaction() as transaction:
        await events.publish("revoked", "bob", on=transaction)
    await events.poll()
    assert heard == ["bob"]


async def test_the_background_task_hears_another_replica(database: Database, other: Database) -> None:
    there, came = Events(other, poll_seconds=0.05 if other.dialect == "sqlite" else 60), anyio.Event()
    await there.start()
    there.subscribe("granted", lambda _: came.set())
    async with anyio.create_task_group() as group:
        group.start_soon(there.run)
        await Events(database).publish("granted", "alice")
        with anyio.fail_after(20):
            await came.wait()
        group.cancel_scope.cancel()


async def test_after_a_long_silence_everything_cached_has_to_go(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    events, heard = Events(database), list[str | None]()
    await events.start()
    events.subscribe("revoked", heard.append)
    monkeypatch.setattr(module, "KEEP_SECONDS", -2.0)
    await events.poll()
    assert heard == [None]


async def test_a_subscriber_that_fails_does_not_keep_the_others_in_the_dark(database: Database) -> None:
    events, heard = Events(database), list[str | None]()

    def broken(_: str | None) -> None:
        raise ValueError("broken")

    events.subscribe("revoked", broken)
    events.subscribe("revoked", heard.append)
    await events.publish("revoked", "alice")
    assert heard == ["alice"]


async def test_a_subscription_ends(database: Database) -> None:
    events, heard = Events(database), list[str | None]()
    end = events.subscribe("revoked", heard.append)
    end()
    await events.publish("revoked", "alice")
    assert heard == []


async def test_notices_that_every_replica_has_read_are_removed(database: Database) -> None:
    events = Events(database)
    await events.publish("revoked", "alice")
    await database.run("update event set time = 0")
    await events.publish("revoked", "bob")
    assert await events.prune() == 1
    assert await database.all("select key from event") == [{"key": "bob"}]


async def test_a_hundred_notices_from_two_replicas_at_once_are_all_heard(database: Database, other: Database) -> None:
    third, heard = Events(database), list[str | None]()
    await third.start()
    third.subscribe("t", heard.append)
    publishers = Events(database), Events(other)
    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(publishers[number % 2].publish, "t", str(number))
            group.start_soon(third.poll)
    await third.poll()
    assert sorted(heard, key=lambda key: int(key or 0)) == [str(number) for number in range(100)]
