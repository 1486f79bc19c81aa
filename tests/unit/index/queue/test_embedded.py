"""The queue on SQLite keeps the contract."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nextcloud_mcp_server.index.queue.embedded import EmbeddedQueue
from nextcloud_mcp_server.index.queue.port import Queue
from nextcloud_mcp_server.storage import Database, open_database
from tests.unit.index.queue.contract import OpenQueue, QueueContract, Silence


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(str(tmp_path / "state.db"))
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def queue(sqlite: Database) -> EmbeddedQueue:
    return EmbeddedQueue(sqlite)


@pytest.fixture
def open_queue(sqlite: Database) -> OpenQueue:
    async def open_one() -> EmbeddedQueue:
        return EmbeddedQueue(sqlite)

    return open_one


@pytest.fixture
def silence(sqlite: Database) -> Silence:
    async def end_lease(queue: Queue) -> None:
        assert isinstance(queue, EmbeddedQueue)
        await sqlite.run("update index_job set lease_until = 0 where owner = ?", queue._owner)

    return end_lease


class TestEmbedded(QueueContract):
    pass
