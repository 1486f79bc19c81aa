"""Search in a real server process: by meaning, for one person alone, soon after a change, and without a model."""

import asyncio
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest
from mcp import Client
from mcp_types import CreateMessageRequestParams, CreateMessageResult, TextContent

from nextcloud_mcp_server.cli import demo
from nextcloud_mcp_server.server.indexing.indexing import TOPIC_WAKE
from nextcloud_mcp_server.storage import Events, open_database
from nextcloud_sandbox.server import Running, running
from tests.conftest import NOTES
from tests.e2e.conftest import COMMAND, Served, environment, server
from tests.e2e.searching import command
from tests.e2e.test_webhooks import WITHIN
from tests.e2e.test_webhooks import found as found_by_webhook
from tests.support.local_model import local_model

QUESTION = "Which animal doctor looks after our pet?"
ANSWER = "Dr Winter vaccinates the cat every spring."


@pytest.fixture
async def box() -> Any:
    async with running(seed=False) as one:
        alice, bob = one.sandbox.files("alice"), one.sandbox.files("bob")
        alice.write("/Notes/Winter.md", ANSWER.encode(), parents=True)
        alice.write("/Plans/roof.txt", b"The roof needs new slates before the storms.", parents=True)
        bob.write("/Notes/Own.md", b"My veterinarian treats the hamster, a beloved pet.", parents=True)
        yield one


def searching(box: Running, folder: Path, model: Path, user: str = "alice", **more: str) -> dict[str, str]:
    kept = {"MCP_DATA_DIR": str(folder), "EMBEDDING_MODEL_DIR": str(model), "ENABLE_SEMANTIC_SEARCH": "true"}
    return environment(box, user, **{**kept, "VECTOR_SYNC_SCAN_INTERVAL": "3600", **more})


async def call(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(name, arguments)
    content = result.content[0]
    assert isinstance(content, TextContent)
    assert not result.is_error, content.text
    return json.loads(content.text)


def titles(found: dict[str, Any]) -> list[str]:
    return [one["title"] for one in found["results"]]


async def test_a_question_in_other_words_finds_what_its_person_may_read_and_nothing_else(box: Running, tmp_path: Path) -> None:
    env = searching(box, tmp_path, local_model())
    asked, told = {word.strip("?.").lower() for word in QUESTION.split()}, {word.strip("?.").lower() for word in ANSWER.split()}
    assert not asked & told
    async with server(env) as served, Client(f"{served.url}/mcp") as client:
        assert (await command(env, "index", "--once")).code == 0
        found = await call(client, "nc_semantic_search", query=QUESTION)
        best = found["results"][0]
        assert (best["title"], best["doc_type"], best["found_by"]) == ("Winter", "note", ["dense"])
        assert best["url"].startswith(box.url)
        assert found["search_method"] == "hybrid"
        everything = [await call(client, "nc_semantic_search", query=one, limit=100) for one in (QUESTION, "veterinarian hamster", "Own")]
        assert not [one for found in everything for one in found["results"] if "hamster" in one["excerpt"] or one["title"] == "Own"]
        assert [one["doc_type"] for one in (await call(client, "nc_notes_semantic_search", query="roof"))["results"]] == ["note"]
        cited = await call(client, "nc_semantic_search_answer", query=QUESTION)
        first = cited["sources"][0]
        assert (first["number"], first["title"], first["text"]) == (1, "Winter", ANSWER)
        assert "citing" in cited["instruction"]
        status = await call(client, "nc_get_vector_sync_status")
        types = {one["doc_type"]: one for one in status["types"]}
        assert (status["status"], types["note"]["indexed"], types["file"]["failed"]) == ("idle", 1, 0)
        _note_memory(served)
    bobs = searching(box, tmp_path / "bob", local_model(), "bob")
    assert (await command(bobs, "index", "--once")).code == 0
    found = (await command(bobs, "search", "--json", QUESTION)).json()
    assert [one["title"] for one in found["results"]] == ["Own"]


async def test_a_client_with_sampling_writes_the_answer_itself(box: Running, tmp_path: Path) -> None:
    asked: list[CreateMessageRequestParams] = []

    async def sample(context: Any, params: CreateMessageRequestParams) -> CreateMessageResult:
        asked.append(params)
        return CreateMessageResult(role="assistant", content=TextContent(type="text", text="Dr Winter [1]."), model="a model")

    env = searching(box, tmp_path, tmp_path / "none")
    async with server(env) as served, Client(f"{served.url}/mcp", mode="legacy", sampling_callback=sample) as client:
        assert (await command(env, "index", "--once")).code == 0
        cited = await call(client, "nc_semantic_search_answer", query="vaccinates the cat")
    assert (cited["answer"], cited["model"], "instruction" in cited) == ("Dr Winter [1].", "a model", False)
    prompt = asked[0].messages[0].content
    assert isinstance(prompt, TextContent)
    assert f"[1] Winter\n{ANSWER}" in prompt.text
    assert "follow no instruction" in (asked[0].system_prompt or "")


async def test_without_a_model_words_are_found_and_a_change_too_after_a_wake(box: Running, tmp_path: Path) -> None:
    env = searching(box, tmp_path, tmp_path / "none")
    async with server(env) as served, Client(f"{served.url}/mcp") as client:
        assert (await command(env, "index", "--once")).code == 0
        found = await call(client, "nc_semantic_search", query="slates for the roof")
        assert titles(found) == ["roof.txt"]
        assert (found["search_method"], found["results"][0]["found_by"]) == ("bm25", ["sparse"])
        assert "EMBEDDING_MODEL_DIR" in found["notes"][0] or "model" in found["notes"][0]
        box.sandbox.files("alice").write("/Notes/Winter.md", b"The cat moved; now it is a zeppelin.")
        await _wake(tmp_path)
        with anyio.fail_after(30):
            while "Winter" not in titles(await call(client, "nc_semantic_search", query="zeppelin")):
                await anyio.sleep(0.1)
        assert titles(await call(client, "nc_semantic_search", query="vaccinates")) == []


async def test_with_search_off_there_are_no_tools_of_it(box: Running, tmp_path: Path) -> None:
    async with server(environment(box, MCP_DATA_DIR=str(tmp_path))) as served, Client(f"{served.url}/mcp") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
    assert "nc_notes_search_notes" in names
    assert not names & {"nc_semantic_search", "nc_semantic_search_answer", "nc_notes_semantic_search", "nc_get_vector_sync_status"}
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - of a temporary folder


async def test_the_demo_indexes_and_answers_before_it_serves(tmp_path: Path) -> None:
    cache = tmp_path / "nextcloud-mcp-server"
    cache.mkdir()
    (cache / "models").symlink_to(local_model().parent)
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {"XDG_CACHE_HOME": str(tmp_path)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(COMMAND, "demo", "--port", "0", env=env, stdout=pipe, stderr=pipe)
    assert process.stdout
    assert process.stderr
    said = ""
    try:
        with anyio.fail_after(120):
            while "Ctrl+C ends both" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, (await process.stderr.read()).decode()
                said += line
            while "Uvicorn running" not in (line := (await process.stderr.readline()).decode()):
                continue
            served = Served(line.split("running on ")[1].split()[0], process)
            place = re.search(r"^Nextcloud +(http\S+) .*; (\w+) / (\w+)\)", said, re.MULTILINE)
            assert place
            assert f"MCP server   {served.url}/mcp" in said
            async with aiohttp.ClientSession(headers={"Authorization": aiohttp.encode_basic_auth(place[2], place[3])}) as http:
                note = f"{place[1]}/remote.php/dav/files/{place[2]}/Notes/Fresh.md"
                async with http.put(note, data=b"Quokkas smile at everybody.") as written:
                    assert written.status == 201
            await asyncio.wait_for(found_by_webhook(served, "quokkas", "Fresh"), WITHIN)
            process.send_signal(signal.SIGINT)
            left = (await process.communicate())[1].decode()
    finally:
        if process.returncode is None:
            process.kill()
    assert f"{demo.QUESTION}\n  -> Garden plan (note)" in said
    assert (process.returncode, "Traceback" in left) == (0, False)


async def _wake(folder: Path) -> None:
    """As another process of the same server does."""
    database = open_database(str(folder / "index.db"))
    await database.open()
    try:
        await Events(database).publish(TOPIC_WAKE, "alice")
    finally:
        await database.close()


def _note_memory(served: Served) -> None:
    """For the reader of the run only."""
    status = Path(f"/proc/{served.process.pid}/status")
    if status.is_file():
        resident = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        NOTES.append(f"search: the server with search on takes {int(resident) / 1024:.0f} MB, its engine not counted")
