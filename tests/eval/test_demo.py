"""The judged questions over the sandbox's notes: the collection is what the sandbox has, and search answers it well.

The layout is that of `nextcloud-mcp-server eval tests/eval/demo`.
"""

import json
from pathlib import Path

import httpx2

from nextcloud_mcp_server.index.engine.client import Engine, LocalEmbedder, LocalStore
from nextcloud_mcp_server.index.evaluate import evaluate, read_collection
from nextcloud_sandbox.server import running
from tests.conftest import NOTES
from tests.support.local_model import CACHE, local_model

FOLDER = Path(__file__).parent / "demo"
HYBRID = 0.85


async def test_the_collection_is_what_the_sandbox_has() -> None:
    async with running() as box, httpx2.AsyncClient(auth=("alice", "alice")) as http:
        notes = (await http.get(f"{box.url}/index.php/apps/notes/api/v1/notes")).json()
    there = {note["title"]: note["content"] for note in notes if not note["category"].startswith("Journal")}
    corpus = [json.loads(line) for line in (FOLDER / "corpus.jsonl").read_text().splitlines()]
    assert {one["_id"]: one["text"] for one in corpus} == there


async def test_hybrid_search_answers_the_questions_better_than_words_alone(tmp_path: Path) -> None:
    engine = Engine(tmp_path, CACHE, local_model())
    try:
        figures = await evaluate(read_collection(FOLDER), LocalStore(engine), LocalEmbedder(engine))
    finally:
        await engine.close()
        await engine.ended()
    for way, one in figures.items():
        NOTES.append(f"search: demo collection, {way}: nDCG@10 {one.ndcg_10:.3f}, recall@20 {one.recall_20:.3f}")
    assert figures["hybrid"].ndcg_10 > figures["sparse"].ndcg_10
    assert figures["hybrid"].ndcg_10 >= HYBRID
    assert figures["hybrid"].recall_20 == 1.0
