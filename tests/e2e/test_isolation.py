"""Fifty people at once over one pool of connections: nobody ever gets what is somebody else's.

Nextcloud's session cookies beat credentials, and the sandbox does as Nextcloud does: a pool that kept them would mix people up.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import aiohttp
import pytest
from mcp import Client

from nextcloud_sandbox.server import Running, running
from tests.e2e.conftest import server
from tests.e2e.leaks import Watch
from tests.e2e.modes import called, connected, without_account

PEOPLE = 50
ROUNDS = 5
CALLS_A_ROUND = 4


@pytest.fixture
async def crowded() -> AsyncGenerator[Running]:
    """A Nextcloud of its own with fifty accounts."""
    async with running(seed=False) as one:
        for name in names():
            one.sandbox.add_user(name, name)
        yield one


def names() -> list[str]:
    return [f"person{number:02}" for number in range(PEOPLE)]


async def work(client: Client, name: str, calls: Counter[str]) -> list[str]:
    """One round of a person's calls; whatever came that is not theirs."""
    mine = f"secret of {name}"
    wrong: list[str] = []
    who = (await called(client, "nc_users_whoami"))["user_id"]
    made = await called(client, "nc_notes_create_note", title=mine, content=mine)
    read = await called(client, "nc_notes_get_note", note_id=made["id"])
    found = await called(client, "nc_notes_search_notes", query="secret", limit=100)
    calls[name] += CALLS_A_ROUND
    if who != name:
        wrong.append(f"{name} is told to be {who}")
    if read["content"] != mine:
        wrong.append(f"{name} reads {read['content']!r}")
    wrong += [f"{name} finds {note['title']!r}" for note in found["results"] if not note["title"].startswith(mine)]
    return wrong


async def test_every_one_of_a_thousand_interleaved_answers_belongs_to_its_caller(crowded: Running, watch: Watch) -> None:
    pairs = {name: watch.basic(name, crowded.sandbox.new_app_password(name, "test").token) for name in names()}
    calls: Counter[str] = Counter()
    wrong: list[str] = []

    async def person(url: str, name: str) -> None:
        async with connected(url, Authorization=pairs[name]) as client:
            for _ in range(ROUNDS):
                wrong.extend(await work(client, name, calls))

    async with server(without_account(crowded.url, ENABLE_MULTI_USER_BASIC_AUTH="true")) as served:
        watch.said.append(("the log", served.log))
        await asyncio.gather(*(person(f"{served.url}/mcp", name) for name in names()))
    assert wrong == []
    assert calls == dict.fromkeys(names(), ROUNDS * CALLS_A_ROUND)
    assert calls.total() == 1000


async def test_the_sandbox_mixes_people_up_where_cookies_are_kept(crowded: Running) -> None:
    """What the test above would see of a server that keeps cookies."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"OCS-APIRequest": "true"}) as http:
        seen: list[str] = []
        for name in names()[:2]:
            who = f"{crowded.url}/ocs/v2.php/cloud/user?format=json"
            async with http.get(who, headers={"Authorization": aiohttp.encode_basic_auth(name, name)}) as answer:
                seen.append((await answer.json())["ocs"]["data"]["id"])
    assert seen == [names()[0]] * 2
