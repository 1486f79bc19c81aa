"""Two replicas on one PostgreSQL: each document is indexed once, and a dead replica's work is done by the other."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from nextcloud_mcp_server.index import processor
from nextcloud_mcp_server.index.collections import Collections
from nextcloud_mcp_server.index.indexer import Indexer
from nextcloud_mcp_server.index.processor import Processors
from nextcloud_mcp_server.index.queue.shared import SharedQueue
from nextcloud_mcp_server.index.state import State
from nextcloud_mcp_server.index.store.pgvector import PgVectorStore
from nextcloud_mcp_server.storage import open_database
from nextcloud_mcp_server.text import Readers
from tests.providers.postgres import postgres_address, postgres_server
from tests.unit.index.world import Cloud, WordsEmbedder, World

__all__ = ["postgres_address", "postgres_server"]


class Replica(World):
    """A world whose queue, state and vectors are in PostgreSQL."""

    @classmethod
    async def join(cls, address: str, cloud: Cloud) -> "Replica":
        database = open_database(address, pool_size=4)
        await database.open()
        state, store, queue, embedder, readers = (
            State(database),
            PgVectorStore(database),
            SharedQueue(database, address),
            WordsEmbedder(),
            Readers(),
        )
        await queue.open()
        collections = Collections(database, state, store, queue, embedder)
        await collections.start()
        indexer = Indexer(state, store, collections)
        processors = Processors(queue, cloud, indexer, state, readers)
        return cls(cloud, database, state, store, queue, embedder, collections, indexer, processors, readers)

    async def close(self) -> None:
        await self.queue.close()
        await super().close()


@pytest.fixture
async def replicas(postgres_address: str) -> AsyncIterator[tuple[Replica, Replica]]:
    cloud = Cloud()
    both = (await Replica.join(postgres_address, cloud), await Replica.join(postgres_address, cloud))
    yield both
    for replica in both:
        await replica.close()


async def test_two_replicas_share_the_work_and_do_nothing_twice(replicas: tuple[Replica, Replica]) -> None:
    one, two = replicas
    for number in range(60):
        one.cloud.put("note", str(number), f"zeppelin {number}", "alice" if number % 3 else "bob")
    await one.scanner("alice").scan()
    await two.scanner("bob").scan()
    await asyncio.gather(one.processors.drain(), two.processors.drain())
    assert sorted(one.embedder.texts + two.embedder.texts) == sorted(f"{number}\nzeppelin {number}" for number in range(60))
    assert one.embedder.texts
    assert two.embedder.texts
    assert len(await one.found("alice", "zeppelin", limit=100)) == 40
    assert len(await two.found("bob", "zeppelin", limit=100)) == 20


async def test_what_a_dead_replica_had_begun_is_finished_by_the_other(replicas: tuple[Replica, Replica]) -> None:
    one, two = replicas
    for number in range(6):
        one.cloud.put("note", str(number), f"zeppelin {number}")
    await one.scanner("alice").scan()
    begun = await one.queue.claim(4)
    await one.processors._do(begun[0])
    await one.database.run("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
    await two.processors.drain()
    assert sorted(await two.found("alice", "zeppelin")) == [str(number) for number in range(6)]
    assert len(await two.contents()) == 6
    assert await two.queue.counts() == {}


async def test_a_shared_document_seen_by_both_replicas_is_stored_once(replicas: tuple[Replica, Replica]) -> None:
    one, two = replicas
    one.cloud.put("file", "1", "zeppelin plans", readers=["bob"])
    await one.scanner("alice").scan()
    await one.processors.drain()
    await two.scanner("bob").scan()
    await two.processors.drain()
    assert [(key, readers) for key, (_, readers) in (await one.contents()).items()] == [
        (("alice", "file", "1", 0), frozenset({"alice", "bob"}))
    ]
    assert two.embedder.texts == []


async def test_documents_under_way_when_every_connection_breaks_are_not_left_lying(
    replicas: tuple[Replica, Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "RETRY", 0.05)
    one, two = replicas
    for number in range(6):
        one.cloud.put("note", str(number), f"zeppelin {number}")
    await one.scanner("alice").scan()
    one.embedder.gate.clear()
    working = asyncio.create_task(one.processors.run())
    async with asyncio.timeout(20):
        while len(one.processors.current) < 3:
            await asyncio.sleep(0.02)
        for _ in range(3):
            await two.database.all(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()"
            )
            one.embedder.gate.set()
        while await two.queue.counts():
            await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert sorted(await two.found("alice", "zeppelin")) == [str(number) for number in range(6)]
