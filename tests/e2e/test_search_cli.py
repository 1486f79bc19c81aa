"""The commands of the index, each a process of its own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from nextcloud_sandbox.server import Running, running
from tests.e2e.conftest import server
from tests.e2e.searching import command, search_on


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        yield one


@pytest.fixture
def env(box: Running, tmp_path: Path) -> dict[str, str]:
    box.sandbox.files("alice").write("/Notes/Garden/Tomatoes.md", b"Water the cat's tomatoes on Sunday.", parents=True)
    box.sandbox.files("alice").write("/Plans/roof.txt", b"The roof needs slates.", parents=True)
    box.sandbox.files("bob").write("/Notes/Secret.md", b"Bob's tomatoes are better.", parents=True)
    return search_on(box, tmp_path)


async def test_index_once_fills_the_index_and_search_and_status_read_it_for_this_person_alone(env: dict[str, str]) -> None:
    indexed = await command(env, "index", "--once")
    assert indexed.code == 0, indexed.err
    assert "documents indexed, 0 given up" in indexed.out
    found = (await command(env, "search", "--json", "tomatoes")).json()
    best = found["results"][0]
    assert (best["title"], "sparse" in best["found_by"]) == ("Tomatoes", True)
    assert "Sunday" in best["excerpt"]
    assert best["link"].startswith(env["NEXTCLOUD_HOST"])
    assert not [hit for hit in found["results"] if "Bob" in hit["excerpt"]]
    status = (await command(env, "status", "--json")).json()
    assert [one["user"] for one in status] == ["alice"]
    counted = {one["doc_type"]: (one["indexed"], one["pending"], one["failed"]) for one in status[0]["types"]}
    assert counted["note"] == (1, 0, 0)
    assert counted["file"][0] >= 1
    again = await command(env, "index", "--once")
    assert again.out.startswith("0 documents indexed")


async def test_commands_work_beside_a_running_server(box: Running, env: dict[str, str]) -> None:
    async with server(env):
        box.sandbox.files("alice").write("/Notes/Late.md", b"A late rhubarb.", parents=True)
        assert (await command(env, "index", "--once")).code == 0
        found = await command(env, "search", "-t", "note", "rhubarb")
        assert found.out.startswith("Late  (note")
        assert "alice: " in (await command(env, "status")).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search",), "Missing argument 'QUERY...'"),
        (("search", "-t", "nonsense", "x"), "nothing of type 'nonsense'"),
        (("index",), "say one of --once and --rekey"),
        (("worker",), "set DATABASE_URL to a PostgreSQL"),
        (("worker", "--tier", "slow"), "'fast', 'structured', 'ocr'"),
        (("webhooks", "register", "--admin", "admin", "--password", "x", "--url", "http://here"), "WEBHOOK_SECRET is not set"),
    ],
)
async def test_what_is_missing_is_said(env: dict[str, str], arguments: tuple[str, ...], said: str) -> None:
    done = await command(env, *arguments)
    assert done.code != 0
    assert said in done.err


@pytest.mark.parametrize("name", ["search x", "index --once", "status", "worker"])
async def test_without_search_the_commands_say_how_to_turn_it_on(env: dict[str, str], name: str) -> None:
    done = await command({**env, "ENABLE_SEMANTIC_SEARCH": "false"}, *name.split())
    assert done.code == 1
    assert "ENABLE_SEMANTIC_SEARCH=true" in done.err


async def test_eval_measures_a_collection_without_a_nextcloud(env: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "judged"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text('{"_id":"1","title":"","text":"the cat sat"}\n{"_id":"2","title":"","text":"a roof of slates"}\n')
    (folder / "queries.jsonl").write_text('{"_id":"q","text":"slates"}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\t2\t1\n")
    alone = {name: value for name, value in env.items() if not name.startswith("NEXTCLOUD_")}
    figures = (await command(alone, "eval", "--json", str(folder))).json()
    assert figures["sparse"] == {"ndcg_10": 1.0, "recall_20": 1.0}
    assert set(figures) == {"sparse", "dense", "hybrid"}
    assert (await command(alone, "eval", str(tmp_path))).code == 1
