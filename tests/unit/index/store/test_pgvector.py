"""PostgreSQL with pgvector keeps the contract, on a real server."""

from collections.abc import AsyncIterator

import pytest

from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.index.store import pgvector
from nextcloud_mcp_server.index.store.pgvector import PgVectorStore
from nextcloud_mcp_server.index.store.port import Facts, Key, Where
from nextcloud_mcp_server.storage import Database, open_database
from tests.providers.postgres import postgres_address, postgres_server
from tests.unit.index.store.contract import ALICE, C, StoreContract, entry

__all__ = ["postgres_address", "postgres_server"]


@pytest.fixture
async def database(postgres_address: str) -> AsyncIterator[Database]:
    database = open_database(postgres_address, pool_size=2)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def store(database: Database) -> PgVectorStore:
    return PgVectorStore(database)


class TestPgVector(StoreContract):
    async def test_a_name_that_is_no_collection_reaches_no_statement(self, store: PgVectorStore) -> None:
        with pytest.raises(NotFound):
            await store.discard("x; drop table audit")

    async def test_a_large_partition_gets_a_graph_and_still_finds_the_few_of_a_small_user(
        self, store: PgVectorStore, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pgvector, "LARGE", 100)
        for number in range(20):
            entries = [entry(at, "x", 1.0, at / 100 + number) for at in range(30)]
            await store.replace(C, Key("alice", "note", f"{number}"), Facts(ALICE), entries)
        await store.replace(C, Key("alice", "file", "f"), Facts(ALICE), [entry(0, "x", -1, -1)])
        await store.tidy()
        rows = await database.all("select indexname from pg_indexes where indexdef like '%hnsw%'")
        assert len(rows) == 1
        found = await store.search(C, Where(ALICE, doc_types=frozenset({"file"})), dense=[1, 0], sparse=None, limit=5)
        assert [item.key.doc_id for item in found.dense] == ["f"]
