"""The queue on procrastinate keeps the contract, on a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from nextcloud_mcp_server.index.queue.port import Queue
from nextcloud_mcp_server.index.queue.shared import SharedQueue
from nextcloud_mcp_server.storage import Database, open_database
from tests.providers.postgres import postgres_address, postgres_server
from tests.unit.index.queue.contract import OpenQueue, QueueContract, Silence

__all__ = ["postgres_address", "postgres_server"]


@pytest.fixture
async def database(postgres_address: str) -> AsyncIterator[Database]:
    database = open_database(postgres_address, pool_size=3)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def queue(database: Database, postgres_address: str) -> AsyncIterator[SharedQueue]:
    queue = SharedQueue(database, postgres_address, pool_size=2)
    await queue.open()
    yield queue
    await queue.close()


@pytest.fixture
def open_queue(database: Database, postgres_address: str) -> OpenQueue:
    async def open_one() -> SharedQueue:
        queue = SharedQueue(database, postgres_address, pool_size=2)
        await queue.open()
        return queue

    return open_one


@pytest.fixture
def silence(database: Database) -> Silence:
    async def stop_heart(queue: Queue) -> None:
        assert isinstance(queue, SharedQueue)
        await database.run("update procrastinate_workers set last_heartbeat = now() - interval '1 hour' where id = ?", queue._worker)

    return stop_heart


class TestShared(QueueContract):
    pass
