"""The adapter for a Qdrant server keeps the contract: on the client's in-memory double always, and on a server where one is named."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from qdrant_client import AsyncQdrantClient, models

from nextcloud_mcp_server.core.errors import CredentialRefused, InvalidValue, Unreachable
from nextcloud_mcp_server.index.sparse import Sparse
from nextcloud_mcp_server.index.store.port import Counts, Entry, Facts, Key, Where
from nextcloud_mcp_server.index.store.qdrant import QdrantStore
from tests.providers.qdrant import URL, Place, at_server, qdrant_place
from tests.unit.index.store import contract
from tests.unit.index.store.contract import ALICE, NOTE, StoreContract, entry

__all__ = ["qdrant_place"]

INDEXED = {"owner", "readers", "doc_type", "doc_id", "folders", "tags", "modified", "index"}


PLACES = ["in memory", *(["server"] if URL else [])]


class TestQdrant(StoreContract):
    @pytest.fixture(params=PLACES)
    async def store(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[QdrantStore]:
        if request.param == "in memory":
            store = QdrantStore(":memory:")
            yield store
            await store.close()
            return
        async with at_server() as place:
            for name in ("C", "OTHER", "WORDS"):
                monkeypatch.setattr(contract, name, f"{place.prefix}_{name.lower()}")
            store = place.store()
            yield store
            await store.close()

    async def test_describing_passages_that_are_not_there_makes_none(self, store: QdrantStore) -> None:
        for owner in ("alice", "bob"):
            await store.replace(contract.C, Key(owner, "note", "1"), Facts(frozenset({owner})), [entry(0, "apple", 1, 0)])
        await store.describe(contract.C, NOTE, Facts(ALICE, 2), ["apple", "pear"])
        await store.describe(contract.C, Key("alice", "note", "2"), Facts(ALICE), ["plum"])
        assert await store.count(contract.C) == Counts(2, 2)
        assert [item.body for item in await store.passages(contract.C, NOTE)] == ["apple"]


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    store = QdrantStore("http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        await store.collections()
    await store.close()


@pytest.mark.parametrize("dimension", [0, 3])
async def test_a_collection_for_other_vectors_is_refused_and_stays_as_it_is(dimension: int) -> None:
    store = QdrantStore(":memory:")
    await store.open("c", 2)
    await store.replace("c", Key("alice", "note", "1"), Facts(frozenset({"alice"})), [entry(0, "apple", 1, 0)])
    with pytest.raises(InvalidValue, match=f"vectors of 2 numbers; those of the embedding model have {dimension}") as caught:
        await store.open("c", dimension)
    assert "QDRANT_COLLECTION" in caught.value.hint
    assert await store.count("c") == Counts(1, 1)
    await store.close()


class TestServerAlone:
    """What the double cannot show."""

    @pytest.mark.parametrize("dimension", [0, 2])
    async def test_processes_that_make_a_collection_at_once_both_have_it(self, qdrant_place: Place, dimension: int) -> None:
        stores, name = [qdrant_place.store() for _ in range(4)], f"{qdrant_place.prefix}_c"
        await asyncio.gather(*(store.open(name, dimension) for store in stores))
        assert name in await stores[0].collections()
        for store in stores:
            await store.close()

    @pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
    async def test_a_collection_whose_maker_died_half_way_gets_the_indexes_it_lacks(self, qdrant_place: Place) -> None:
        name, store = f"{qdrant_place.prefix}_c", qdrant_place.store()
        client = AsyncQdrantClient(qdrant_place.url, api_key=qdrant_place.api_key, https=qdrant_place.url.startswith("https"))
        dense = {"dense": models.VectorParams(size=2, distance=models.Distance.COSINE)}
        sparse = {"sparse": models.SparseVectorParams(modifier=models.Modifier.IDF)}
        await client.create_collection(name, vectors_config=dense, sparse_vectors_config=sparse)
        await client.create_payload_index(name, "readers", models.PayloadSchemaType.KEYWORD, wait=True)
        await store.open(name, 2)
        assert set((await client.get_collection(name)).payload_schema) == INDEXED
        await store.close()
        await client.close()

    async def test_a_document_of_many_long_passages_is_taken(self, qdrant_place: Place) -> None:
        name, store = f"{qdrant_place.prefix}_c", qdrant_place.store()
        await store.open(name, 3072)
        for owner in ("alice", "bob"):
            key, facts = Key(owner, "file", "1"), Facts(frozenset({owner}))
            passages = [Entry(at, "x" * 40_000, Sparse([at], [1.0]), [1 / (at + 3)] * 3072) for at in range(300)]
            await store.replace(name, key, facts, passages)
            await store.describe(name, key, facts, ["y" * 40_000] * 300)
            assert await store.count(name, owner) == Counts(1, 300)
            assert {item.body[0] for item in await store.passages(name, key)} == {"y"}
        found = await store.search(name, Where(frozenset({"bob"})), dense=[1.0] * 3072, sparse=None, limit=400)
        assert {item.key.owner for item in found.dense} == {"bob"}
        assert len(found.dense) == 300
        await store.close()

    async def test_a_wrong_key_is_refused(self, qdrant_place: Place) -> None:
        if not qdrant_place.api_key:
            pytest.skip("QDRANT_TEST_API_KEY is not set")
        for key in (None, "wrong"):
            store = QdrantStore(qdrant_place.url, api_key=key)
            with pytest.raises(CredentialRefused, match="API key"):
                await store.open(f"{qdrant_place.prefix}_c", 2)
            await store.close()
