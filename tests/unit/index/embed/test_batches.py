"""Batches are filled across documents, and one bad text fails alone."""

import asyncio
from collections.abc import Sequence

import pytest

from nextcloud_mcp_server.core.errors import BadAnswer, InvalidValue, Unreachable
from nextcloud_mcp_server.index.embed.batches import Batches
from nextcloud_mcp_server.index.embed.port import Model, Vector
from nextcloud_mcp_server.index.embed.queries import Queries


class Recorder:
    """An embedder of four texts a batch that refuses batches with `bad` in them; `gate` holds its answers back."""

    name, batch = "recorder", 4

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()
        self.down = False

    async def describe(self) -> Model:
        return Model(self.name, 1, 100)

    async def tokens(self, text: str) -> Sequence[int]:
        return range(len(text))

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> list[Vector]:
        self.batches.append(list(texts))
        self.asked.set()
        await self.gate.wait()
        if self.down:
            raise Unreachable("down")
        if "bad" in texts:
            raise InvalidValue("bad text") if len(texts) == 1 else BadAnswer("some text is bad")
        return [[float(len(text))] for text in texts]

    async def close(self) -> None: ...


async def test_texts_of_several_documents_share_a_batch() -> None:
    embedder = Recorder()
    batches = Batches(embedder)
    embedder.gate.clear()
    documents = [asyncio.create_task(batches.embed(texts)) for texts in (["a"], ["bb", "ccc"], ["dddd"], ["eeeee", "ffffff"])]
    await embedder.asked.wait()
    embedder.gate.set()
    assert await asyncio.gather(*documents) == [[[1]], [[2], [3]], [[4]], [[5], [6]]]
    assert embedder.batches == [["a", "dddd", "bb", "ccc"], ["eeeee", "ffffff"]]


async def test_a_short_document_does_not_wait_for_a_long_one_that_came_before() -> None:
    embedder = Recorder()
    batches = Batches(embedder)
    embedder.gate.clear()
    book = asyncio.create_task(batches.embed([f"page {number}" for number in range(100)]))
    await embedder.asked.wait()
    note = asyncio.create_task(batches.embed(["a note", "its end"]))
    await asyncio.sleep(0)
    embedder.gate.set()
    assert await note == [[6.0], [7.0]]
    assert len(await book) == 100
    assert embedder.batches[1] == ["a note", "its end", "page 4", "page 5"]


async def test_a_bad_text_fails_its_document_alone() -> None:
    embedder = Recorder()
    batches = Batches(embedder)
    good, bad, other = await asyncio.gather(batches.embed(["a"]), batches.embed(["x", "bad"]), batches.embed(["b"]), return_exceptions=True)
    assert (good, other) == ([[1.0]], [[1.0]])
    assert isinstance(bad, InvalidValue)


async def test_a_provider_that_is_down_is_not_asked_text_by_text() -> None:
    embedder = Recorder()
    embedder.down = True
    with pytest.raises(Unreachable):
        await Batches(embedder).embed(["a", "b", "c"])
    assert embedder.batches == [["a", "b", "c"]]


async def test_a_cancelled_document_is_left_out_of_later_batches() -> None:
    embedder = Recorder()
    batches = Batches(embedder)
    embedder.gate.clear()
    first = asyncio.create_task(batches.embed(["1", "2", "3", "4"]))
    await embedder.asked.wait()
    second = asyncio.create_task(batches.embed(["gone"]))
    third = asyncio.create_task(batches.embed(["stays"]))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait({second})
    embedder.gate.set()
    await asyncio.gather(first, third)
    assert embedder.batches == [["1", "2", "3", "4"], ["stays"]]


async def test_a_repeated_query_is_embedded_once_even_when_asked_at_once() -> None:
    embedder = Recorder()
    queries = Queries(embedder, size=1)
    assert await asyncio.gather(queries.embed("ab", 5), queries.embed("ab", 5)) == [[2.0], [2.0]]
    await queries.embed("ab", 5)
    assert embedder.batches == [["ab"]]
    await queries.embed("c", 5)
    await queries.embed("ab", 5)
    assert embedder.batches == [["ab"], ["c"], ["ab"]]


async def test_a_late_query_answers_nothing_now_and_is_known_the_next_time() -> None:
    embedder = Recorder()
    queries = Queries(embedder)
    embedder.gate.clear()
    assert await queries.embed("slow", 0) is None
    embedder.gate.set()
    assert await queries.embed("slow", 5) == [4.0]
    assert len(embedder.batches) == 1


async def test_a_failed_query_is_asked_again() -> None:
    embedder = Recorder()
    queries = Queries(embedder)
    embedder.down = True
    with pytest.raises(Unreachable):
        await queries.embed("x", 5)
    embedder.down = False
    assert await queries.embed("x", 5) == [1.0]
