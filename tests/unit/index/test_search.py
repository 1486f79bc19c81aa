"""Fusion, deadlines, reranking, paging, and what is refused."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.core.errors import BadAnswer, InvalidValue, Unreachable
from nextcloud_mcp_server.index.bodies import Body, Unreadable, seal, unseal
from nextcloud_mcp_server.index.fusion import fuse
from nextcloud_mcp_server.index.rerank import HttpReranker
from nextcloud_mcp_server.index.search import Ask, Search
from nextcloud_mcp_server.index.store.port import Found, Key, Ranked
from tests.unit.index.world import World

keys = st.builds(Key, st.just("u"), st.sampled_from(["note", "file"]), st.sampled_from("abcd"))
lists = st.lists(
    st.builds(Found, keys, st.integers(0, 2), st.just(0.0), st.just("")), max_size=12, unique_by=lambda item: (item.key, item.index)
)


def found(*names: str) -> list[Found]:
    """`a1` is passage 1 of document a."""
    return [Found(Key("u", "note", name[0]), int(name[1:] or 0), 1.0, name) for name in names]


@given(lists, lists, st.booleans())
def test_fusion_ranks_everything_once_with_scores_from_0_to_1(dense: list[Found], sparse: list[Found], by_document: bool) -> None:
    fused = fuse(Ranked(dense, sparse), by_document=by_document)
    groups = [(item.found.key, None if by_document else item.found.index) for item in fused]
    assert len(groups) == len(set(groups))
    assert {item.found.key for item in fused} == {item.key for item in dense + sparse}
    assert [item.score for item in fused] == sorted((item.score for item in fused), reverse=True)
    assert all(0 < item.score <= 1 for item in fused)


def test_what_both_retrievers_find_comes_before_what_one_finds_first() -> None:
    fused = fuse(Ranked(found("a", "b"), found("c", "b")))
    assert [item.found.key.doc_id for item in fused] == ["b", "a", "c"]
    assert [item.retrievers for item in fused] == [("dense", "sparse"), ("dense",), ("sparse",)]


def test_a_document_is_shown_by_the_passage_that_both_retrievers_like() -> None:
    fused = fuse(Ranked(found("a1", "a2", "b0"), found("a2", "a3")))
    assert fused[0].found.body == "a2"
    assert fused[0].score == 1.0


def test_many_middling_passages_do_not_outrank_the_best_one() -> None:
    fused = fuse(Ranked(found("a0", "b0", "b1", "b2", "b3"), []))
    assert [item.found.key.doc_id for item in fused] == ["a", "b"]


def test_a_note_and_a_file_with_one_id_are_two_groups() -> None:
    fused = fuse(Ranked([Found(Key("u", "note", "5"), 0, 1, ""), Found(Key("u", "file", "5"), 0, 1, "")], []))
    assert len(fused) == 2


class Reversing:
    """A reranker that likes what comes last; `texts` is what it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.down = False

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        if self.down:
            raise Unreachable("The reranker does not answer.")
        self.texts = list(texts)
        return [at / len(texts) for at in range(len(texts))]

    async def close(self) -> None: ...


@pytest.fixture
async def shelf(world: World) -> World:
    for number in range(6):
        world.cloud.put("note", f"n{number}", "zeppelin " * (6 - number) + "filler words " * number)
    world.cloud.put("file", "f", "zeppelin in a file", tags=("red",), modified=datetime(2026, 5, 1, tzinfo=UTC), path="/A/f.md")
    await world.sync()
    return world


async def test_pages_follow_each_other_without_gap_or_repetition(shelf: World) -> None:
    everything = await shelf.found("alice", "zeppelin")
    assert len(everything) == 7
    pages = [await shelf.search("alice", "zeppelin", limit=3, offset=offset) for offset in (0, 3, 6)]
    assert [hit.key.doc_id for page in pages for hit in page.hits] == everything
    assert [page.more for page in pages] == [True, True, False]


async def test_what_is_withheld_does_not_shorten_the_page(shelf: World) -> None:
    everything = await shelf.found("alice", "zeppelin")
    shelf.cloud.remove("note", everything[0])
    results = await shelf.search("alice", "zeppelin", limit=3)
    assert [hit.key.doc_id for hit in results.hits] == everything[1:4]
    assert results.withheld == 1


async def test_verification_takes_one_request_for_each_type(shelf: World) -> None:
    shelf.cloud.calls.clear()
    await shelf.search("alice", "zeppelin", limit=10)
    assert sorted(shelf.cloud.calls) == ["readable file alice", "readable note alice"]


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({"doc_types": frozenset({"file"})}, ["f"]),
        ({"tags": frozenset({"red"})}, ["f"]),
        ({"path_prefixes": frozenset({"/A"})}, ["f"]),
        ({"after": datetime(2026, 4, 1, tzinfo=UTC)}, ["f"]),
        ({"before": datetime(2025, 4, 1, tzinfo=UTC)}, []),
        ({"doc_types": frozenset({"unknown"})}, []),
    ],
)
async def test_filters_narrow_the_search(narrowed: dict[str, object], expected: list[str], shelf: World) -> None:
    assert await shelf.found("alice", "zeppelin", **narrowed) == expected


async def test_a_passage_that_does_not_open_is_left_out_and_the_others_are_found(shelf: World) -> None:
    everything = await shelf.found("alice", "zeppelin")
    name = (await shelf.collections.ready()).collection
    async for stored in shelf.store.scan(name):
        if stored.key.doc_id == everything[0]:
            lost = seal(Body("Lost", "lost"), Fernet(Fernet.generate_key()))
            await shelf.store.describe(name, stored.key, stored.facts, [lost])
    results = await shelf.search("alice", "zeppelin", limit=10)
    assert [hit.key.doc_id for hit in results.hits] == everything[1:]
    assert any("left out" in note for note in results.notes)


async def test_one_retriever_can_be_asked_alone(shelf: World) -> None:
    for retriever in ("dense", "sparse"):
        results = await shelf.search("alice", "zeppelin", retrievers=frozenset({retriever}))
        assert {hit.retrievers for hit in results.hits} == {(retriever,)}


async def test_passages_can_be_asked_for_instead_of_documents(world: World) -> None:
    world.cloud.put("note", "1", " ".join(f"zeppelin{at} zeppelin." for at in range(100)))
    await world.sync()
    passages = (await world.search("alice", "zeppelin", by_document=False)).hits
    assert len(passages) > 3
    assert len({hit.index for hit in passages}) == len(passages)
    assert len((await world.search("alice", "zeppelin")).hits) == 1
    text = world.cloud.shelves["note"].documents["1"].text
    assert all(text[hit.body.start : hit.body.end] == hit.body.text for hit in passages)


async def test_a_late_embedding_is_not_waited_for(shelf: World) -> None:
    shelf.embedder.gate.clear()
    results = await shelf.search("alice", "zeppelin", seconds=0)
    assert len(results.hits) == 7
    assert results.notes == ("Searched by words alone: the embedding took longer than 0 ms.",)
    shelf.embedder.gate.set()
    await asyncio.sleep(0)
    assert (await shelf.search("alice", "zeppelin")).notes == ()


async def test_a_provider_that_fails_leaves_search_by_words(shelf: World) -> None:
    shelf.embedder.error = BadAnswer("the model is broken")
    results = await shelf.search("alice", "zeppelin filler")
    assert {hit.retrievers for hit in results.hits} == {("sparse",)}
    assert results.notes == ("Searched by words alone: the model is broken",)


async def test_a_reranker_reorders_what_was_found_and_may_fail(shelf: World) -> None:
    reranker = Reversing()
    search = Search(shelf.store, shelf.collections.ready, reranker=reranker)
    sources = await shelf.cloud.sources("alice") or {}
    plain = await shelf.found("alice", "zeppelin")
    results = await search.search(Ask("zeppelin", frozenset({"alice"})), sources)
    assert [hit.key.doc_id for hit in results.hits] == plain[::-1]
    assert all(hit.reranked for hit in results.hits)
    assert reranker.texts[plain.index("f")] == "f\nzeppelin in a file"
    reranker.down = True
    results = await search.search(Ask("zeppelin", frozenset({"alice"})), sources)
    assert [hit.key.doc_id for hit in results.hits] == plain
    assert results.notes == ("Not reranked: The reranker does not answer.",)


@pytest.mark.parametrize(
    "ask", [Ask("  ", frozenset()), Ask("x" * 10_001, frozenset()), Ask("x", frozenset(), limit=0), Ask("x", frozenset(), offset=-1)]
)
async def test_what_cannot_be_searched_is_refused(ask: Ask, world: World) -> None:
    with pytest.raises(InvalidValue):
        await Search(world.store, world.collections.ready).search(ask, {})


@pytest.fixture
async def cohere() -> AsyncIterator[str]:
    async def rerank(request: web.Request) -> web.Response:
        body = await request.json()
        assert (body["model"], body["query"], request.headers["authorization"]) == ("m", "q", "Bearer k")
        if "broken" in body["documents"]:
            return web.Response(text="<html>")
        results = [{"index": at, "relevance_score": len(text) / 10} for at, text in enumerate(body["documents"])]
        return web.json_response({"results": results[::-1], "id": "x"})

    app = web.Application()
    app.router.add_post("/v2/rerank", rerank)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/v2/rerank"))
    await server.close()


async def test_cohere_style_scores_come_in_the_order_of_the_texts(cohere: str) -> None:
    reranker = HttpReranker(cohere, "m", api_key="k")
    assert await reranker.scores("q", ["aaaa", "b"]) == [0.4, 0.1]
    with pytest.raises(BadAnswer):
        await reranker.scores("q", ["broken"])
    await reranker.close()
    gone = HttpReranker("http://127.0.0.1:9", "m")
    with pytest.raises(Unreachable):
        await gone.scores("q", ["a"])
    await gone.close()


def test_a_sealed_body_is_not_to_be_read_without_its_key() -> None:
    key = Fernet(Fernet.generate_key())
    body = Body("Title", "secret text", 3, 14, 2, 5, "/A/secret.md", "text/markdown", 1.5, {"board": 4})
    sealed = seal(body, key)
    assert "secret" not in sealed
    assert unseal(sealed, key) == body
    assert unseal(seal(body, None), key) == unseal(seal(body, None), None) == body
    with pytest.raises(Unreadable):
        unseal(sealed, Fernet(Fernet.generate_key()))
    with pytest.raises(Unreadable, match="no key"):
        unseal(sealed, None)
