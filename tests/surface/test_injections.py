"""Text of other people, with orders to assistants and with characters nobody sees, in the answers of every tool."""

import itertools
import json
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from nextcloud_mcp_server.core import untrusted
from nextcloud_mcp_server.server.catalog import Catalog, find_apps
from nextcloud_mcp_server.server.shaping import ADDRESSES, UNTRUSTED
from nextcloud_sandbox.server import running
from tests.support.assistant import Assistant, session
from tests.surface.hostile import HIDDEN, MARK, SCRIPT, World, made

TOOLS = {name: tool for name, tool in Catalog(find_apps()).tools.items() if not tool.modes}
NEWER = {"deck_assign_dependent_card", "deck_remove_dependent_card"}
"""Of Deck 1.18, which the sandbox is not; they answer with ids alone."""
TIMES = {"nc_calendar_find_availability"}
"""Its answer is times; only addresses that were asked for are repeated."""


@pytest.fixture(scope="module")
async def world() -> AsyncGenerator[World]:
    ticks = itertools.count(int(time.time()))
    async with running(seed=False, clock=lambda: float(next(ticks))) as sandbox:
        people = [session(sandbox.url, name, name) for name in ("alice", "bob")]
        one = await made(Assistant(people[0]), Assistant(people[1]), sandbox)
        await one.run()
        yield one
        for person in people:
            await person.transport.aclose()


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of an answer with the field it stands in."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from texts(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one, name)
    elif isinstance(value, str):
        yield name, value


def test_the_script_calls_every_tool() -> None:
    assert {name for name, _ in SCRIPT} == TOOLS.keys()


async def test_every_call_of_the_script_succeeds(world: World) -> None:
    assert {name: text for name, text in world.failures.items() if name not in NEWER} == {}


@pytest.mark.parametrize("name", sorted(name for name, tool in TOOLS.items() if tool.untrusted))
async def test_an_untrusted_answer_says_so_and_hides_nothing(world: World, name: str) -> None:
    answer = world.answers[name]
    told = " ".join(answer.pop("warnings", []))
    assert answer["untrusted"] == UNTRUSTED
    for field, text in texts(answer):
        if untrusted.warnings(text):
            assert f"{field} holds " in told, field
            assert field in ADDRESSES or "next_cursor" not in answer, field


@pytest.mark.parametrize(
    "name", sorted(name for name, tool in TOOLS.items() if tool.untrusted and tool.effect == "read" and name not in TIMES)
)
async def test_a_reading_tool_meets_the_hostile_text(world: World, name: str) -> None:
    """So that the test above is about something: what a person sees of the text is in the answer."""
    assert MARK in json.dumps(world.answers[name], ensure_ascii=False)


@pytest.mark.parametrize("name", sorted(TOOLS.keys() - NEWER))
async def test_a_tool_that_tells_what_others_wrote_is_marked(world: World, name: str) -> None:
    if MARK not in json.dumps(world.arguments[name], ensure_ascii=False):
        said = json.dumps(world.answers[name], ensure_ascii=False)
        assert TOOLS[name].untrusted or MARK not in said


@pytest.mark.parametrize("name", sorted(name for name, tool in TOOLS.items() if tool.cleaned))
async def test_a_cleaned_answer_holds_nothing_hidden(world: World, name: str) -> None:
    assert not [text for field, text in texts(world.answers[name]) if field not in ADDRESSES and untrusted.warnings(text)]


async def test_an_error_repeats_nothing_hidden(world: World) -> None:
    assert HIDDEN not in await world.alice.error("nc_webdav_read_file", path=f"nowhere/{HIDDEN}")


async def test_nothing_hidden_is_in_what_the_server_says_of_itself(world: World) -> None:
    listed = json.dumps([tool.run.__doc__ for tool in world.catalog.tools.values()], ensure_ascii=False)
    assert MARK not in listed
    assert not untrusted.warnings(listed)
