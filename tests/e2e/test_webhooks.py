"""From a change in Nextcloud to a hit, by webhook alone."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from nextcloud_sandbox.server import Running, running
from tests.e2e.conftest import Served, server
from tests.e2e.searching import command, search_on

SECRET = "a-webhook-secret-for-tests"
WITHIN = 5
ADMIN = ("--admin", "admin", "--password", "admin")


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        yield one


@pytest.fixture
def env(box: Running, tmp_path: Path) -> dict[str, str]:
    box.sandbox.files("alice").write("/Notes/First.md", b"A first note of crocuses.", parents=True)
    return search_on(box, tmp_path, WEBHOOK_SECRET=SECRET)


async def titles(served: Served, query: str) -> list[str]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{served.url}/api/v1/search", json={"query": query, "algorithm": "bm25"}) as answer,
    ):
        found: Any = await answer.json()
        return [hit["title"] for hit in found["results"]] if answer.status == 200 else []


async def found(served: Served, query: str, title: str) -> None:
    """Returns when it is found."""
    while title not in await titles(served, query):
        await asyncio.sleep(0.05)


async def gone(served: Served, query: str) -> None:
    while await titles(served, query):
        await asyncio.sleep(0.05)


async def test_changes_are_found_within_seconds_by_webhook(box: Running, env: dict[str, str]) -> None:
    alice = box.sandbox.files("alice")
    async with server(env) as served:
        await asyncio.wait_for(found(served, "crocuses", "First"), 60)
        registered = await command(env, "webhooks", "register", "--url", served.url, *ADMIN)
        assert registered.code == 0, registered.err
        assert "not known to this Nextcloud: OCA\\Deck\\Event\\CardCreatedEvent" in registered.out
        alice.write("/Notes/Second.md", b"A second one of hyacinths.")
        await asyncio.wait_for(found(served, "hyacinths", "Second"), WITHIN)
        alice.write("/Notes/Second.md", b"Now of narcissi.")
        await asyncio.wait_for(found(served, "narcissi", "Second"), WITHIN)
        alice.delete("/Notes/First.md")
        await asyncio.wait_for(gone(served, "crocuses"), WITHIN)
        box.sandbox.files("bob").write("/Notes/Bob.md", b"Bob's orchids.", parents=True)
        assert await titles(served, "orchids") == []


async def test_registering_twice_keeps_one_of_each_and_remove_takes_all(env: dict[str, str]) -> None:
    url = ("--url", "http://mcp.test:8000")
    for _ in range(2):
        assert (await command(env, "webhooks", "register", *url, *ADMIN)).code == 0
    listed = await command(env, "webhooks", "list", *ADMIN)
    events = [line.split()[1] for line in listed.out.splitlines()]
    assert len(events) == len(set(events)) > 10
    assert SECRET not in listed.out + listed.err
    assert (await command(env, "webhooks", "remove", *url, *ADMIN)).out.startswith(f"{len(events)} webhooks")
    assert (await command(env, "webhooks", "list", *ADMIN)).out == ""


async def test_somebody_who_is_no_administrator_is_told_so(env: dict[str, str]) -> None:
    refused = await command(env, "webhooks", "register", "--url", "http://mcp.test", "--admin", "alice", "--password", "alice")
    assert refused.code == 1
    assert "administrator" in refused.err


async def test_without_a_secret_there_is_no_route(env: dict[str, str]) -> None:
    del env["WEBHOOK_SECRET"]
    async with server(env) as served, aiohttp.ClientSession() as http:
        async with http.post(f"{served.url}/webhooks/nextcloud", headers={"Authorization": "Bearer "}, data=b"{}") as answer:
            assert answer.status == 404


async def test_with_a_secret_and_no_search_deliveries_are_told_so(env: dict[str, str]) -> None:
    env["ENABLE_SEMANTIC_SEARCH"] = "false"
    async with server(env) as served, aiohttp.ClientSession() as http:
        async with http.post(f"{served.url}/webhooks/nextcloud", headers={"Authorization": f"Bearer {SECRET}"}, data=b"{}") as answer:
            assert (answer.status, (await answer.json())["error"]) == (503, "search_off")
