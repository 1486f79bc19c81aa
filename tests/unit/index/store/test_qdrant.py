"""The adapter for a Qdrant server keeps the contract, on the client's in-memory double."""

from collections.abc import AsyncIterator

import pytest

from nextcloud_mcp_server.core.errors import Unreachable
from nextcloud_mcp_server.index.store.qdrant import QdrantStore
from tests.unit.index.store.contract import StoreContract


@pytest.fixture
async def store() -> AsyncIterator[QdrantStore]:
    store = QdrantStore(":memory:")
    yield store
    await store.close()


class TestQdrant(StoreContract):
    pass


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    store = QdrantStore("http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        await store.collections()
    await store.close()
