"""An administrator takes a type out of the index, and the next scan brings back what is allowed."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest

from nextcloud_sandbox.server import Running, running
from tests.e2e.conftest import server
from tests.e2e.searching import command, search_on
from tests.e2e.test_webhooks import found, titles


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        yield one


async def test_a_purged_type_is_gone_at_once_and_back_after_the_next_scan(box: Running, tmp_path: Path) -> None:
    admin = box.sandbox.files("admin")
    admin.write("/Notes/First.md", b"A note of crocuses.", parents=True)
    admin.write("/garden.txt", b"A file of crocuses.")
    env = search_on(box, tmp_path, "admin")
    async with server(env) as served, aiohttp.ClientSession() as http:
        await asyncio.wait_for(found(served, "crocuses", "First"), 60)
        await asyncio.wait_for(found(served, "crocuses", "garden.txt"), 60)
        async with http.post(f"{served.url}/api/v1/vector-sync/purge", json={"doc_types": ["note", "no-such-type"]}) as answer:
            assert (answer.status, await answer.json()) == (200, {"purged": {"note": 1, "no-such-type": 0}})
        assert await titles(served, "crocuses") == ["garden.txt"]
        assert (await command(env, "index", "--once")).code == 0
        assert sorted(await titles(served, "crocuses")) == ["First", "garden.txt"]
