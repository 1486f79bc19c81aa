"""The product with its passages in Qdrant: what holds on the other stores holds there, and without Qdrant everything else is served."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from mcp import Client

from nextcloud_mcp_server.index.bodies import unseal
from nextcloud_mcp_server.index.store.port import Stored
from nextcloud_sandbox.server import Running, running
from tests.e2e.conftest import server
from tests.e2e.many import LOOK, Many, Passages, many
from tests.e2e.modes import at_nextcloud, called, refused
from tests.e2e.searching import command, search_on
from tests.e2e.test_search_many_users import (
    box,
    only,
    stack,
    test_nobody_finds_what_they_may_not_read_whatever_becomes_of_it,
    test_what_a_killed_worker_had_begun_another_ends,
)
from tests.providers.postgres import postgres_server
from tests.providers.qdrant import Killable, Place, killable_qdrant, qdrant_place
from tests.providers.shared import free_port

__all__ = [
    "box",
    "killable_qdrant",
    "postgres_server",
    "qdrant_place",
    "stack",
    "test_nobody_finds_what_they_may_not_read_whatever_becomes_of_it",
    "test_what_a_killed_worker_had_begun_another_ends",
]

WITHIN = 60
"""Seconds in which a server has found out that Qdrant is there: it looks every ten."""


class OnQdrant(Many):
    """Many people whose passages are in Qdrant; the rest is in PostgreSQL."""

    place: Place

    async def stored(self) -> list[Stored]:
        """All that is in the collections of this server."""
        store = self.place.store()
        try:
            names = [name for name in await store.collections() if name.startswith(self.place.prefix)]
            return [item for name in names async for item in store.scan(name)]
        finally:
            await store.close()

    async def passages(self) -> Passages:
        key, found = Fernet(self.key), Passages()
        for item in sorted(await self.stored(), key=lambda item: item.entry.index):
            found.setdefault((item.key.owner, item.key.doc_type, item.key.doc_id), []).append(unseal(item.entry.body, key))
        return found

    async def readers(self) -> dict[tuple[str, str, str], set[str]]:
        return {(item.key.owner, item.key.doc_type, item.key.doc_id): set(item.facts.readers) for item in await self.stored()}

    async def finds(self, user: str, word: str) -> set[str]:
        try:
            return await super().finds(user, word)
        except AssertionError as problem:
            # Making a collection in Qdrant takes so long that people can be there first.
            if "Search is starting" not in str(problem):
                raise
            return {"starting"}

    async def everything(self) -> str:
        return "\n".join([await super().everything(), *map(repr, await self.stored())]).lower()


@pytest.fixture
async def world(qdrant_place: Place, box: Running, tmp_path: Path, postgres_server: str) -> AsyncGenerator[Many]:
    async with many(box, tmp_path, postgres_server, ENABLE_LOGIN_FLOW="true", **qdrant_place.settings) as one:
        theirs = OnQdrant(**{field.name: getattr(one, field.name) for field in fields(one)})
        theirs.place = qdrant_place
        yield theirs
        assert await one.rows("select relname from pg_class where relname like 'passages_%%'") == []


async def test_whoever_leaves_has_no_point_left_and_the_others_keep_theirs(world: OnQdrant, box: Running, stack: AsyncExitStack) -> None:
    for user in ("alice", "bob"):
        await world.signs_in(stack, user, at_nextcloud(box, user, watch=world.watch))
    await called(world.people["alice"], "nc_share_create", path="/Notes/Two.md", share_with="bob")
    shared = {"badger": only({"note"}, {"note"}), "aardvark": only({"note"})}
    await world.settles(shared | {"ferret": only(set(), {"note"}), "gecko": only(set(), {"file"})})
    assert "bob" in {item.key.owner for item in await world.stored()}

    await called(world.people["bob"], "revoke_nextcloud_access")
    async with asyncio.timeout(WITHIN):
        while [item for item in await world.stored() if item.key.owner == "bob"]:
            await asyncio.sleep(LOOK)
    assert await world.finds("alice", "badger") == {"note"}
    assert await world.finds("alice", "ferret") == set()


@pytest.mark.timeout(300)
async def test_two_people_with_servers_and_collections_of_their_own_on_one_qdrant_find_their_own_over_a_restart(
    qdrant_place: Place, tmp_path: Path
) -> None:
    people = ("alice", "bob")
    for user in people:
        (tmp_path / user).mkdir()
    async with running() as box:
        envs = {user: search_on(box, tmp_path / user, user, **on_qdrant(user, qdrant_place)) for user in people}
        for env in envs.values():
            indexed = await command(env, "index", "--once")
            assert indexed.code == 0, indexed.err
            assert "0 given up" in indexed.out
        found = {user: await hits(env, "plan garden meeting recipe release") for user, env in envs.items()}
        mine = {"alice": ("Garden plan", "note"), "bob": ("Newsletter takeover", "note")}
        assert {user: {title for title in mine.values() if title in found[user]} for user in people} == {
            user: {title} for user, title in mine.items()
        }
        for user, env in envs.items():
            async with server(env) as served, Client(f"{served.url}/mcp") as client:
                await finds(client, mine[user][0], mine[user][0])
                answer = await called(client, "nc_semantic_search", query="plan garden meeting recipe release", limit=100)
                assert {(hit["title"], hit["doc_type"]) for hit in answer["results"]} == found[user]
                status = await called(client, "nc_get_vector_sync_status")
                assert [one for one in status["types"] if one["failed"]] == []
            again = await command(env, "index", "--once")
            assert again.out.startswith("0 documents indexed"), again.out
    store = qdrant_place.store()
    for user in envs:
        [name] = [name for name in await store.collections() if name.startswith(f"{qdrant_place.prefix}_{user}")]
        assert {reader for item in [item async for item in store.scan(name)] for reader in item.facts.readers} >= {user}
    await store.close()


@pytest.mark.parametrize("user", ["alice", "bob"])
async def test_a_server_whose_qdrant_is_down_serves_everything_else_and_says_why(box: Running, tmp_path: Path, user: str) -> None:
    key = uuid.uuid4().hex
    env = search_on(box, tmp_path, user, QDRANT_URL=f"http://127.0.0.1:{free_port()}", QDRANT_API_KEY=key)
    async with server(env) as served, Client(f"{served.url}/mcp") as client:
        assert (await called(client, "nc_notes_search_notes", query="note"))["results"]
        said = await refused(client, "nc_semantic_search", query="note")
        assert "Try again in" in said
        async with asyncio.timeout(WITHIN):
            while "Qdrant does not answer" not in (said := await refused(client, "nc_semantic_search", query="note")):
                assert "starting" in said
        once = await command(env, "index", "--once")
    assert once.code == 1
    assert "Qdrant does not answer. Check QDRANT_URL" in once.err
    assert "Search does not start yet: Qdrant does not answer. Check QDRANT_URL" in "".join(served.log)
    assert key not in "".join(served.log) + once.err + once.out + said


@pytest.mark.parametrize("user", ["alice", "bob"])
async def test_a_wrong_key_is_named_and_nowhere_shown(box: Running, qdrant_place: Place, tmp_path: Path, user: str) -> None:
    if not qdrant_place.api_key:
        pytest.skip("QDRANT_TEST_API_KEY is not set")
    env = search_on(box, tmp_path, user, **{**qdrant_place.settings, "QDRANT_API_KEY": "wrong-key-of-somebody"})
    async with server(env) as served, Client(f"{served.url}/mcp") as client:
        async with asyncio.timeout(WITHIN):
            while "Qdrant refuses the API key" not in (said := await refused(client, "nc_semantic_search", query="note")):
                assert "starting" in said
        once = await command(env, "index", "--once")
    assert once.code == 1
    assert "Correct QDRANT_API_KEY" in once.err
    assert "Correct QDRANT_API_KEY" in "".join(served.log)
    assert "wrong-key" not in "".join(served.log) + once.err + once.out + said


async def test_search_begins_when_qdrant_does_and_goes_on_when_it_is_back(box: Running, killable_qdrant: Killable, tmp_path: Path) -> None:
    await killable_qdrant.kill()
    env = search_on(box, tmp_path, **killable_qdrant.place.settings)
    async with server(env) as served, Client(f"{served.url}/mcp") as client:
        await refused(client, "nc_semantic_search", query="aardvark")
        await killable_qdrant.start()
        await finds(client, "aardvark", "One")
        await killable_qdrant.kill()
        assert "Qdrant does not answer" in await refused(client, "nc_semantic_search", query="aardvark")
        box.sandbox.files("alice").write("/Notes/Later.md", b"A note of the jackal.")
        await killable_qdrant.start()
        assert (await command(env, "index", "--once")).code == 0
        await finds(client, "jackal", "Later")
        await finds(client, "aardvark", "One")
        assert killable_qdrant.api_key not in "".join(served.log)


def on_qdrant(user: str, place: Place) -> dict[str, str]:
    return {**place.settings, "QDRANT_COLLECTION": f"{place.prefix}_{user}", "VECTOR_SYNC_DOC_TYPES": "note,recipe"}


async def hits(env: dict[str, str], query: str) -> set[tuple[str, str]]:
    """Title and type of what the command finds."""
    found = (await command(env, "search", "--json", "--limit", "100", query)).json()
    return {(hit["title"], hit["doc_type"]) for hit in found["results"]}


async def finds(client: Client, word: str, title: str) -> None:
    """Returns when the word is found, also where search has only just begun to work."""
    async with asyncio.timeout(WITHIN):
        while True:
            result: Any = await client.call_tool("nc_semantic_search", {"query": word})
            if not result.is_error and title in result.content[0].text:
                return
            await asyncio.sleep(LOOK)
