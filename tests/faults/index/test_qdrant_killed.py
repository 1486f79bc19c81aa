"""A Qdrant that is killed while it is written to: nothing is lost or given up, and nothing that was taken out comes back."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from nextcloud_mcp_server.core.errors import Unreachable
from nextcloud_mcp_server.index import processor
from nextcloud_mcp_server.index.collections import Collections
from nextcloud_mcp_server.index.indexer import Indexer
from nextcloud_mcp_server.index.processor import Processors
from nextcloud_mcp_server.index.queue.embedded import EmbeddedQueue
from nextcloud_mcp_server.index.state import State
from nextcloud_mcp_server.storage import open_database
from nextcloud_mcp_server.text import Readers
from tests.providers.qdrant import Killable, killable_qdrant
from tests.unit.index.world import Cloud, WordsEmbedder, World

__all__ = ["killable_qdrant"]

DEATHS, BETWEEN = 6, 10
"""How often it dies, and how many more documents are embedded before each death."""


class OnQdrant(World):
    @classmethod
    async def at(cls, qdrant: Killable, folder: Path) -> "OnQdrant":
        database = open_database(str(folder / "state.db"))
        await database.open()
        state, store, queue, embedder, readers = State(database), qdrant.place.store(), EmbeddedQueue(database), WordsEmbedder(), Readers()
        collections, cloud = Collections(database, state, store, queue, embedder), Cloud()
        await collections.start()
        indexer = Indexer(state, store, collections)
        processors = Processors(queue, cloud, indexer, state, readers)
        return cls(cloud, database, state, store, queue, embedder, collections, indexer, processors, readers)


@pytest.fixture
async def world(killable_qdrant: Killable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[OnQdrant]:
    monkeypatch.setattr(processor, "RETRY", 0.05)
    one = await OnQdrant.at(killable_qdrant, tmp_path)
    for number in range(DEATHS * BETWEEN):
        one.cloud.put("note", str(number), f"zeppelin {number}", "bob" if number % 3 else "alice")
    yield one
    await one.close()


def notes(owner: str) -> set[str]:
    return {str(number) for number in range(DEATHS * BETWEEN) if (owner == "bob") is bool(number % 3)}


async def test_what_was_under_way_at_each_death_is_indexed_in_the_end(world: OnQdrant, killable_qdrant: Killable) -> None:
    for user in ("alice", "bob"):
        await world.scanner(user).scan()
    working = asyncio.create_task(world.processors.run())
    async with asyncio.timeout(90):
        for deaths in range(DEATHS):
            while len(set(world.embedder.texts)) < deaths * BETWEEN + 1:
                await asyncio.sleep(0.005)
            await killable_qdrant.kill()
            await killable_qdrant.start()
        while await world.queue.counts():
            await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    for user in ("alice", "bob"):
        assert set(await world.found(user, "zeppelin", limit=100)) == notes(user)
        assert await world.queue.failures(user, 100) == []
    assert {(owner, id, index) for owner, _, id, index in await world.contents()} == {
        (owner, id, 0) for owner in ("alice", "bob") for id in notes(owner)
    }


async def test_whoever_leaves_while_it_is_down_is_forgotten_when_it_is_back(world: OnQdrant, killable_qdrant: Killable) -> None:
    await world.sync()
    await killable_qdrant.kill()
    with pytest.raises(Unreachable):
        await world.indexer.forget("bob")
    await killable_qdrant.start()
    assert len(await world.contents()) == DEATHS * BETWEEN
    assert await world.indexer.forget("bob") == len(notes("bob"))
    await killable_qdrant.kill()
    await killable_qdrant.start()
    assert {owner for owner, *_ in await world.contents()} == {"alice"}
    assert set(await world.found("alice", "zeppelin", limit=100)) == notes("alice")
