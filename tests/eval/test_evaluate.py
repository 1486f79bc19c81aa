"""The figures are what their definitions say, and a judged collection goes through the product's own search."""

import json
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.index.evaluate import Figures, evaluate, measure, read_collection
from nextcloud_mcp_server.index.store.edge import EdgeStore
from tests.unit.index.world import WordsEmbedder


def test_figures_follow_their_definitions() -> None:
    judged = {"q": {"a": 1, "b": 1, "c": 1}}
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert measure({"q": ["a", "b", "c"]}, judged) == Figures(1.0, 1.0)
    found = measure({"q": ["x", "a", *"defghijklmn", "b"]}, judged)
    assert found.ndcg_10 == pytest.approx((1 / math.log2(3)) / ideal)
    assert found.recall_20 == pytest.approx(2 / 3)
    assert measure({"q": [], "p": ["z"]}, {"q": {"a": 1}, "p": {"z": 2}}) == Figures(0.5, 0.5)
    graded = measure({"q": ["low", "high"]}, {"q": {"high": 3, "low": 1}})
    assert graded.ndcg_10 == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five documents, each the answer to a question with some of its words."""
    topics = ["zeppelin over the garden", "bread with butter", "mountain river crossing", "engine oil change", "summer letter home"]
    corpus = [{"_id": f"d{at}", "title": topic.split()[0], "text": f"All about {topic}. " * 3} for at, topic in enumerate(topics)]
    queries = [{"_id": f"q{at}", "text": f"what about {' '.join(topic.split()[1:])}"} for at, topic in enumerate(topics)]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    lines = ["query-id\tcorpus-id\tscore", *(f"q{at}\td{at}\t1" for at in range(5)), "q0\td4\t0"]
    (tmp_path / "qrels.tsv").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EdgeStore]:
    store = EdgeStore(tmp_path / "vectors")
    yield store
    await store.close()


async def test_every_way_of_searching_is_measured(folder: Path, store: EdgeStore) -> None:
    collection = read_collection(folder)
    assert collection.judgements["q0"] == {"d0": 1}
    steps: list[tuple[int, int]] = []
    figures = await evaluate(collection, store, WordsEmbedder(), progress=lambda done, total: steps.append((done, total)))
    assert set(figures) == {"sparse", "dense", "hybrid"}
    assert figures["hybrid"] == Figures(1.0, 1.0)
    assert steps[-1] == (5, 5)
    assert await store.collections() == frozenset()


async def test_without_a_model_words_alone_are_measured(folder: Path, store: EdgeStore) -> None:
    assert set(await evaluate(read_collection(folder), store, None)) == {"sparse"}


def test_a_folder_that_is_no_collection_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="no judged collection"):
        read_collection(tmp_path)
