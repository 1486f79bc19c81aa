"""What every vector store does; a store's test class inherits it and gives the fixture `store`."""

from collections.abc import Iterable

import pytest

from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.index.sparse import Sparse, of_document, of_query
from nextcloud_mcp_server.index.store.port import Counts, Entry, Facts, Found, Key, Ranked, VectorStore, Where, folder_key, folder_keys

ALICE = frozenset({"alice"})
BOB = frozenset({"bob"})
C, OTHER, WORDS = "test_1", "other_1", "words_1"
"""All collections that the contract makes."""
NOTE = Key("alice", "note", "1")


def entry(index: int, text: str, *vector: float) -> Entry:
    return Entry(index, text, of_document(text, "english"), list(vector) or None)


def keys(found: Iterable[Found]) -> list[tuple[str, str, int]]:
    return [(item.key.owner, item.key.doc_id, item.index) for item in found]


async def words(store: VectorStore, query: str, where: Where, limit: int = 10) -> Ranked:
    return await store.search(C, where, dense=None, sparse=of_query(query, "english"), limit=limit)


class StoreContract:
    @pytest.fixture(autouse=True)
    async def opened(self, store: VectorStore) -> None:
        await store.open(C, 2)

    async def test_nearest_vectors_and_rarest_words_come_first_with_what_was_stored(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE), [entry(0, "apple pie", 1, 0), entry(1, "banana bread", 0, 1)])
        await store.replace(C, Key("alice", "file", "1"), Facts(ALICE), [entry(0, "apple tree", 0.8, 0.6)])
        found = await store.search(C, Where(ALICE), dense=[1, 0], sparse=of_query("apple pie", "english"), limit=2)
        assert [(item.key, item.index, item.body) for item in found.dense] == [
            (NOTE, 0, "apple pie"),
            (Key("alice", "file", "1"), 0, "apple tree"),
        ]
        assert [item.body for item in found.sparse] == ["apple pie", "apple tree"]
        assert found.dense[0].score == pytest.approx(1, abs=1e-3)
        assert found.dense[1].score == pytest.approx(0.8, abs=1e-3)

    async def test_a_rare_word_outweighs_frequent_ones(self, store: VectorStore) -> None:
        for number in range(10):
            await store.replace(
                C, Key("alice", "note", f"{number}"), Facts(ALICE), [entry(0, f"project meeting minutes number {number} project", 1, 0)]
            )
        await store.replace(C, Key("alice", "note", "rare"), Facts(ALICE), [entry(0, "zeppelin meeting", 1, 0)])
        assert (await words(store, "project zeppelin", Where(ALICE))).sparse[0].key.doc_id == "rare"

    async def test_rarity_is_counted_among_what_the_readers_may_read(self, store: VectorStore) -> None:
        for number in range(20):
            await store.replace(C, Key("bob", "note", f"b{number}"), Facts(BOB), [entry(0, f"zeppelin {number}", 1, 0)])
        await store.replace(C, NOTE, Facts(ALICE), [entry(0, "zeppelin", 1, 0)])
        for number in range(3):
            await store.replace(C, Key("alice", "note", f"a{number}"), Facts(ALICE), [entry(0, "apple", 1, 0)])
        found = (await words(store, "zeppelin apple", Where(ALICE))).sparse
        assert found[0].key == NOTE

    async def test_nobody_finds_what_they_may_not_read(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE), [entry(0, "secret", 1, 0)])
        await store.replace(C, Key("bob", "note", "1"), Facts(BOB), [entry(0, "secret", 1, 0)])
        for readers, owner in ((ALICE, "alice"), (BOB, "bob")):
            found = await store.search(C, Where(readers), dense=[1, 0], sparse=of_query("secret", "english"), limit=10)
            assert {item.key.owner for item in found.dense} == {item.key.owner for item in found.sparse} == {owner}
        nobody = await store.search(C, Where(frozenset({"carol"})), dense=[1, 0], sparse=of_query("secret", "english"), limit=10)
        assert nobody == Ranked()

    async def test_a_shared_document_is_stored_once_and_found_by_all_its_readers(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(frozenset({"alice", "bob", "group:staff"})), [entry(0, "plan", 1, 0)])
        for readers in (ALICE, BOB, frozenset({"carol", "group:staff"})):
            assert keys((await words(store, "plan", Where(readers))).sparse) == [("alice", "1", 0)]
        assert await store.count(C) == Counts(1, 1)

    async def test_a_reader_who_is_taken_out_finds_it_no_more(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE | BOB), [entry(0, "plan", 1, 0)])
        await store.describe(C, NOTE, Facts(ALICE))
        assert (await words(store, "plan", Where(BOB))).sparse == []
        assert keys((await words(store, "plan", Where(ALICE))).sparse) == [("alice", "1", 0)]

    async def test_a_document_that_shrank_keeps_no_old_passage(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE), [entry(at, f"old {at}", 1, 0) for at in range(150)])
        await store.replace(C, NOTE, Facts(ALICE), [entry(at, f"new {at}", 0, 1) for at in range(2)])
        assert [item.body for item in await store.passages(C, NOTE)] == ["new 0", "new 1"]
        assert (await words(store, "old", Where(ALICE))).sparse == []
        assert await store.count(C) == Counts(1, 2)

    async def test_replacing_twice_leaves_one(self, store: VectorStore) -> None:
        for _ in range(2):
            await store.replace(C, NOTE, Facts(ALICE), [entry(0, "x", 1, 0), entry(1, "y", 1, 0)])
        assert await store.count(C) == Counts(1, 2)

    async def test_the_same_id_of_another_type_or_owner_is_another_document(self, store: VectorStore) -> None:
        others = [Key("bob", "note", "1"), Key("alice", "file", "1"), Key("alice", "note", "11")]
        for key in (NOTE, *others):
            await store.replace(C, key, Facts(frozenset({key.owner})), [entry(0, key.doc_type, 1, 0)])
        await store.delete(C, [NOTE])
        assert await store.count(C) == Counts(3, 3)
        assert await store.passages(C, NOTE) == []
        assert [len(await store.passages(C, key)) for key in others] == [1, 1, 1]

    async def test_an_owner_goes_with_all_documents_and_the_others_stay(self, store: VectorStore) -> None:
        for owner in ("alice", "bob"):
            for number in range(3):
                await store.replace(C, Key(owner, "note", f"{number}"), Facts(frozenset({owner})), [entry(0, "x", 1, 0)])
        await store.delete_owner(C, "alice")
        assert await store.count(C, "alice") == Counts(0, 0)
        assert await store.count(C, "bob") == Counts(3, 3)

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (Where(ALICE, doc_types=frozenset({"note", "card"})), ["n"]),
            (Where(ALICE, folders=frozenset({folder_key("/Work")})), ["f", "g"]),
            (Where(ALICE, folders=frozenset({folder_key("/Work/Deep/")})), ["g"]),
            (Where(ALICE, folders=frozenset({folder_key("/Wor")})), []),
            (Where(ALICE, tags=frozenset({"red", "blue"})), ["n", "g"]),
            (Where(ALICE, after=200, before=300), ["f", "g"]),
            (Where(ALICE, after=201), ["g"]),
            (Where(ALICE, before=150), ["n"]),
            (Where(ALICE, doc_types=frozenset({"file"}), tags=frozenset({"blue"}), after=300), ["g"]),
        ],
    )
    async def test_filters_hold_for_both_retrievers(self, where: Where, expected: list[str], store: VectorStore) -> None:
        await store.replace(C, Key("alice", "note", "n"), Facts(ALICE, 100, tags=frozenset({"red"})), [entry(0, "thing", 1, 0)])
        await store.replace(
            C, Key("alice", "file", "f"), Facts(ALICE, 200, folder_keys("/Work/a.txt")), [entry(0, "thing thing", 0.9, 0.1)]
        )
        deep = Facts(ALICE, 300, folder_keys("Work/Deep/b.txt"), frozenset({"blue", "green"}))
        await store.replace(C, Key("alice", "file", "g"), deep, [entry(0, "thing thing thing", 0.1, 0.9)])
        await store.replace(C, Key("alice", "page", "undated"), Facts(BOB), [entry(0, "thing", 1, 0)])
        found = await store.search(C, where, dense=[1, 0], sparse=of_query("thing", "english"), limit=10)
        assert [item.key.doc_id for item in found.dense] == expected
        assert sorted(item.key.doc_id for item in found.sparse) == sorted(expected)

    async def test_facts_and_bodies_change_without_the_vectors(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE, 1, folder_keys("/A/n")), [entry(0, "apple", 1, 0), entry(1, "pear", 0, 1)])
        await store.describe(C, NOTE, Facts(ALICE, 2, folder_keys("/B/n")), ["apple, moved", "pear, moved"])
        found = await store.search(C, Where(ALICE, folders=frozenset({folder_key("B")}), after=2), dense=[0, 1], sparse=None, limit=1)
        assert [item.body for item in found.dense] == ["pear, moved"]
        assert (await words(store, "apple", Where(ALICE, folders=frozenset({folder_key("A")})))).sparse == []

    async def test_passages_without_a_vector_are_found_by_words_alone(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE), [entry(0, "apple")])
        found = await store.search(C, Where(ALICE), dense=[1, 0], sparse=of_query("apple", "english"), limit=5)
        assert (keys(found.dense), keys(found.sparse)) == ([], [("alice", "1", 0)])

    async def test_a_collection_of_words_alone_needs_no_dimension(self, store: VectorStore) -> None:
        await store.open(WORDS, 0)
        await store.replace(WORDS, NOTE, Facts(ALICE), [entry(0, "apple")])
        found = await store.search(WORDS, Where(ALICE), dense=None, sparse=of_query("apples", "english"), limit=5)
        assert keys(found.sparse) == [("alice", "1", 0)]

    async def test_a_query_of_stop_words_finds_nothing_by_words(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE), [entry(0, "apple", 1, 0)])
        assert (await words(store, "the of and", Where(ALICE))).sparse == []

    async def test_a_passage_without_words_is_found_by_its_vector(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE), [Entry(0, "...", Sparse([], []), [1.0, 0.0])])
        found = await store.search(C, Where(ALICE), dense=[1, 0], sparse=None, limit=5)
        assert keys(found.dense) == [("alice", "1", 0)]

    async def test_vectors_of_passages_come_back(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE), [entry(0, "apple", 1, 0), entry(1, "pear", 0.6, 0.8), entry(2, "plum")])
        found = await store.vectors(C, [(NOTE, 1), (NOTE, 2), (NOTE, 9)])
        assert found == [pytest.approx([0.6, 0.8], abs=1e-3)]
        assert await store.vectors(C, []) == []

    async def test_the_limit_holds_for_each_retriever(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE), [entry(at, "apple", 1, at) for at in range(10)])
        found = await store.search(C, Where(ALICE), dense=[1, 0], sparse=of_query("apple", "english"), limit=3)
        assert (len(found.dense), len(found.sparse)) == (3, 3)
        assert [item.index for item in found.dense] == [0, 1, 2]

    async def test_collections_are_apart_and_can_be_discarded(self, store: VectorStore) -> None:
        await store.open(OTHER, 3)
        await store.replace(C, NOTE, Facts(ALICE), [entry(0, "apple", 1, 0)])
        await store.replace(OTHER, NOTE, Facts(ALICE), [entry(0, "pear", 1, 0, 0)])
        assert await store.collections() >= {C, OTHER}
        await store.discard(OTHER)
        await store.discard(OTHER)
        assert OTHER not in await store.collections()
        assert await store.count(C) == Counts(1, 1)
        await store.open(C, 2)
        assert await store.count(C) == Counts(1, 1)

    async def test_a_collection_that_is_not_there_is_not_found(self, store: VectorStore) -> None:
        with pytest.raises(NotFound):
            await store.count("nowhere_1")

    async def test_a_scan_gives_everything_back(self, store: VectorStore) -> None:
        facts = Facts(ALICE | BOB, 5.5, folder_keys("/a/b"), frozenset({"t"}))
        await store.replace(C, NOTE, facts, [entry(at, f"word{at} apple", 0.6, 0.8) for at in range(300)])
        await store.replace(C, Key("bob", "note", "1"), Facts(BOB), [entry(0, "pear")])
        found = {(item.key, item.entry.index): item async for item in store.scan(C)}
        assert len(found) == 301
        first = found[NOTE, 7]
        assert (first.facts, first.entry.body) == (facts, "word7 apple")
        assert first.entry.dense == pytest.approx([0.6, 0.8], abs=1e-3)
        assert sum(first.entry.sparse.values) == pytest.approx(sum(of_document("word7 apple", "english").values), rel=1e-3)
        assert found[Key("bob", "note", "1"), 0].entry.dense is None

    async def test_tidying_changes_nothing_that_is_found(self, store: VectorStore) -> None:
        await store.replace(C, NOTE, Facts(ALICE), [entry(at, "apple", 1, at) for at in range(100)])
        await store.replace(C, NOTE, Facts(ALICE), [entry(at, "apple", 1, at) for at in range(10)])
        await store.tidy()
        assert await store.count(C) == Counts(1, 10)
        assert len((await words(store, "apple", Where(ALICE), 100)).sparse) == 10
