"""A store that lost what the database believes to be in it is filled again."""

from pathlib import Path

import pytest

from nextcloud_mcp_server.core.errors import Unreachable
from nextcloud_mcp_server.index import collections
from tests.unit.index.world import WordsEmbedder, World

DOCUMENTS = 12


async def filled(folder: Path) -> World:
    world = await World.make(folder)
    for number in range(DOCUMENTS):
        world.cloud.put("note", str(number), f"zeppelin {number}", "bob" if number % 3 else "alice")
    await world.sync()
    return world


async def counted(world: World) -> dict[str, int]:
    return {user: len(await world.found(user, "zeppelin", limit=100)) for user in ("alice", "bob")}


async def lose(world: World) -> None:
    for name in await world.store.collections():
        await world.store.discard(name)
    await world.close()


async def test_a_lost_collection_is_filled_again_after_the_next_start(tmp_path: Path) -> None:
    first = await filled(tmp_path)
    before = await first.contents()
    await lose(first)
    again = await World.make(tmp_path, cloud=first.cloud)
    await again.processors.drain()
    assert await counted(again) == {"alice": 4, "bob": 8}
    assert await again.contents() == before
    assert await again.collections.switch() is False
    await again.close()


async def test_what_does_not_fit_into_one_round_follows_in_the_next_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections, "REBUILD", 5)
    first = await filled(tmp_path)
    await lose(first)
    again = await World.make(tmp_path, cloud=first.cloud)
    rounds = 0
    while sum((await counted(again)).values()) < DOCUMENTS:
        await again.processors.drain()
        await again.collections.switch()
        rounds += 1
    assert rounds == 3
    await again.close()


async def test_while_the_model_does_not_answer_nothing_is_filled_by_words_alone(tmp_path: Path) -> None:
    first = await filled(tmp_path)
    await lose(first)
    embedder = WordsEmbedder()
    embedder.error = Unreachable("The embedding provider does not answer.")
    again = await World.make(tmp_path, embedder, first.cloud)
    await again.processors.drain()
    assert await counted(again) == {"alice": 0, "bob": 0}
    embedder.error = None
    await again.collections.start()
    await again.processors.drain()
    assert await counted(again) == {"alice": 4, "bob": 8}
    assert (await again.search("bob", "zeppelin")).hits[0].retrievers == ("dense", "sparse")
    await again.close()


async def test_a_store_that_has_everything_is_asked_for_nothing_at_a_start(tmp_path: Path) -> None:
    first = await filled(tmp_path)
    await first.close()
    first.cloud.calls.clear()
    again = await World.make(tmp_path, cloud=first.cloud)
    assert await again.queue.counts() == {}
    await again.processors.drain()
    assert first.cloud.calls == []
    assert await counted(again) == {"alice": 4, "bob": 8}
    await again.close()
