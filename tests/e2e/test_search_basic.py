"""Pass-through with app passwords left for the background: what is theirs or shared with them is found, until it is taken back."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from nextcloud_sandbox.server import Running, running
from tests.e2e.many import Many, many, only
from tests.e2e.modes import called
from tests.providers.postgres import postgres_server

__all__ = ["postgres_server"]

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        alice, bob = one.sandbox.files("alice"), one.sandbox.files("bob")
        alice.write("/Notes/One.md", b"A note of the aardvark.", parents=True)
        alice.write("/Project/plan.txt", b"A plan with a badger.", parents=True)
        bob.write("/Notes/Own.md", b"A note of the ferret.", parents=True)
        yield one


@dataclass
class Desk:
    """People who call with one app password and leave another for the background."""

    box: Running
    world: Many
    left: dict[str, str] = field(default_factory=dict[str, str])

    async def comes(self, stack: AsyncExitStack, user: str) -> None:
        """Somebody calls, and nothing more."""
        await self.world.shows(stack, user, self.box.sandbox.new_app_password(user, "calls").token)

    async def leaves(self, user: str) -> None:
        """An app password for the background."""
        self.left[user] = self.box.sandbox.new_app_password(user, "background").token
        assert "work in the background begins" in await self._asked("POST", user)

    async def takes_back(self, user: str) -> None:
        assert "deleted here" in await self._asked("DELETE", user)

    async def said(self, user: str) -> str:
        """What a search says besides its hits."""
        found = await self.world.asked(user, "nc_semantic_search", query="anything")
        status = await self.world.asked(user, "nc_get_vector_sync_status")
        (note,) = found.get("notes") or [""]
        assert status.get("note", "") == note
        return note

    async def _asked(self, method: str, user: str) -> str:
        header = {"Authorization": self.world.watch.basic(user, self.left[user])}
        async with httpx2.AsyncClient(headers=header, timeout=30) as http:
            answer = await http.request(method, f"{self.world.url}/api/v1/users/{user}/app-password", json={} if method == "POST" else None)
            return answer.raise_for_status().text


@pytest.fixture
async def desk(box: Running, tmp_path: Path, postgres_server: str) -> AsyncGenerator[Desk]:
    async with many(box, tmp_path, postgres_server, ENABLE_MULTI_USER_BASIC_AUTH="true") as world:
        yield Desk(box, world)


@pytest.fixture
async def stack() -> AsyncGenerator[AsyncExitStack]:
    async with AsyncExitStack() as one:
        yield one


async def test_everybody_finds_their_own_and_what_is_shared_until_it_is_taken_back(desk: Desk, stack: AsyncExitStack) -> None:
    world, alice = desk.world, desk.box.sandbox.files("alice")
    for user in ("alice", "bob"):
        await desk.comes(stack, user)
        assert f"POST /api/v1/users/{user}/app-password" in await desk.said(user)
        await desk.leaves(user)
    found = {"aardvark": only({"note"}), "badger": only({"file"}), "ferret": only(set(), {"note"})}
    await world.settles(found)
    assert (await desk.said("alice"), await desk.said("bob")) == ("", "")

    share = await world.shares("/Project")
    await world.settles(found | {"badger": only({"file"}, {"file"})})
    assert set(map(frozenset, (await world.readers()).values())) == {
        frozenset({"alice"}), frozenset({"bob"}), frozenset({"alice", "bob"})
    }  # fmt: skip
    await called(world.people["alice"], "nc_share_delete", share_id=share)
    await world.settles(found)

    await desk.takes_back("alice")
    await world.until(f"select count(*) from {await world.table()} where owner = 'alice' or 'alice' = any(readers)", 0)
    await world.until("select count(*) from index_schedule where user_id = 'alice'", 0)
    alice.write("/Notes/Later.md", b"A note of the jackal.")
    await world.settles({"aardvark": only(set()), "badger": only(set()), "jackal": only(set()), "ferret": only(set(), {"note"})})
    assert "has no access to your Nextcloud while you are away" in await desk.said("alice")
    assert await desk.said("bob") == ""

    await desk.leaves("alice")
    await world.settles(found | {"jackal": only({"note"})})


async def test_an_app_password_that_is_deleted_at_nextcloud_is_told_of_and_costs_nobody_else_anything(
    desk: Desk, stack: AsyncExitStack
) -> None:
    for user in ("alice", "bob"):
        await desk.comes(stack, user)
        await desk.leaves(user)
    found = {"aardvark": only({"note"}), "ferret": only(set(), {"note"})}
    await desk.world.settles(found)
    desk.box.sandbox.revoke(desk.left["alice"])
    await desk.world.until("select count(*) from index_schedule where refused_at is not null", 1)
    assert "Nextcloud refuses what this server may use while the person is away" in await desk.said("alice")
    assert await desk.said("bob") == ""
    # What is there already, is found by whoever may read it: it is the caller who is asked for.
    await desk.world.settles(found)
    await desk.leaves("alice")
    desk.box.sandbox.files("alice").write("/Notes/Later.md", b"A note of the jackal.")
    await desk.world.settles(found | {"jackal": only({"note"})})
    await desk.world.until("select count(*) from index_schedule where refused_at is not null", 0)
    assert await desk.said("alice") == ""
