"""Listings of 0, 25, 26 and 60 things walked to their end, and of 10,000 that Nextcloud pages: each comes once, none is left out."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, MAX_LIMIT, cursor_for
from nextcloud_sandbox.areas.cookbook.service import Recipes
from nextcloud_sandbox.areas.deck.state import Decks
from nextcloud_sandbox.areas.files.comments import Comment, Comments
from nextcloud_sandbox.areas.files.tags import tags_of
from nextcloud_sandbox.areas.notifications import notify
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.server import running
from tests.support.assistant import Assistant, session

COUNTS = (0, 25, 26, 60)
MANY = 10_000


@dataclass(frozen=True)
class Walk:
    """A listing tool, the fields of its answer that hold the things and name each, and what makes so many; it gives their names."""

    tool: str
    items: str
    name: str
    fill: Callable[[Sandbox, int], set[Any]]
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])

    def names(self, page: dict[str, Any]) -> list[Any]:
        found = [one[self.name] for one in page[self.items]]
        return [name.rpartition("/")[2] if self.name == "path" else name for name in found]


def files(sandbox: Sandbox, count: int) -> set[Any]:
    mine = sandbox.files("alice")
    mine.mkdir("/many")
    for number in range(count):
        mine.set_favorite(mine.write(f"/many/file {number}.txt", b"x").node, True)
    return {f"file {number}.txt" for number in range(count)}


def trash(sandbox: Sandbox, count: int) -> set[Any]:
    names = files(sandbox, count)
    for name in names:
        sandbox.files("alice").delete(f"/many/{name}")
    return names


def tags(sandbox: Sandbox, count: int) -> set[Any]:
    return {tags_of(sandbox).create(f"Tag {number}").name for number in range(count)}


def tagged(sandbox: Sandbox, count: int) -> set[Any]:
    tag, names = tags_of(sandbox).create("chosen"), files(sandbox, count)
    for name in names:
        tags_of(sandbox).assign(sandbox.files("alice").get(f"/many/{name}").node.id, tag)
    return names


def remarks(sandbox: Sandbox, count: int) -> set[Any]:
    file, kept = sandbox.files("alice").write("/talked about.txt", b"x").node.id, sandbox.slot("comments", Comments)
    for number in range(1, count + 1):
        kept.by_id[number] = Comment(number, file, "alice", f"Remark {number}", 1_700_000_000 + number)
    kept.last = count
    return {f"Remark {number}" for number in range(1, count + 1)}


def notifications(sandbox: Sandbox, count: int) -> set[Any]:
    return {notify(sandbox, "alice", "files_sharing", f"Notice {number}").id for number in range(count)}


def recipes(sandbox: Sandbox, count: int) -> set[Any]:
    kept = Recipes(sandbox, "alice")
    return {kept.save({"name": f"Soup {number}", "keywords": "warm"}) for number in range(count)}


def keywords(sandbox: Sandbox, count: int) -> set[Any]:
    kept = Recipes(sandbox, "alice")
    for number in range(count):
        kept.save({"name": f"Soup {number}", "keywords": f"kind{number}"})
    return {f"kind{number}" for number in range(count)}


def stacks(sandbox: Sandbox, count: int) -> set[Any]:
    decks = Decks(sandbox)
    board = decks.add_board("The board", "alice", "ff0000")
    return {decks.add_stack(board.id, f"Stack {number}", number).id for number in range(count)}


WALKS = (
    Walk("nc_webdav_find_by_name", "results", "name", files, {"pattern": "file%", "scope": "many"}),
    Walk("nc_webdav_list_favorites", "results", "name", files),
    Walk("nc_webdav_list_trash", "results", "path", trash),
    Walk("nc_webdav_list_comments", "results", "message", remarks, {"path": "talked about.txt"}),
    Walk("nc_webdav_search_files", "results", "name", tagged, {"tag": "chosen"}),
    Walk("nc_systemtags_list_tags", "tags", "name", tags),
    Walk("nc_systemtags_list_files", "files", "path", tagged, {"tag": "chosen"}),
    Walk("nc_notifications_list", "notifications", "notification_id", notifications),
    Walk("nc_cookbook_get_recipes_with_keywords", "recipes", "recipe_id", recipes, {"keywords": ["warm"]}),
    Walk("nc_cookbook_list_keywords", "keywords", "name", keywords),
    Walk("deck_get_stacks", "stacks", "id", stacks, {"board_id": 1}),
)


@pytest.fixture
async def place() -> AsyncGenerator[tuple[Sandbox, Assistant]]:
    async with running(seed=False) as sandbox:
        person = session(sandbox.url, "alice", "alice")
        yield sandbox.sandbox, Assistant(person)
        await person.transport.aclose()


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("walk", WALKS, ids=lambda one: one.tool)
async def test_a_listing_walked_to_its_end_has_everything_once(place: tuple[Sandbox, Assistant], walk: Walk, count: int) -> None:
    sandbox, alice = place
    made = walk.fill(sandbox, count)
    page = await alice.call(walk.tool, **walk.arguments)
    assert len(page[walk.items]) == min(count, DEFAULT_LIMIT)
    assert ("next_cursor" in page) is (count > DEFAULT_LIMIT)
    seen = walk.names(page)
    while cursor := page.get("next_cursor"):
        page = await alice.call(walk.tool, **walk.arguments, cursor=cursor)
        seen += walk.names(page)
    assert len(seen) == count
    assert set(seen) == made


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk.tool in ("nc_webdav_find_by_name", "nc_webdav_list_comments")])
async def test_of_ten_thousand_things_the_first_and_the_last_page_are_told_apart(place: tuple[Sandbox, Assistant], walk: Walk) -> None:
    sandbox, alice = place
    made = walk.fill(sandbox, MANY)
    first = await alice.call(walk.tool, **walk.arguments)
    last = await alice.call(walk.tool, **walk.arguments, limit=MAX_LIMIT, cursor=cursor_for(MANY - 5))
    assert ("next_cursor" in first, "next_cursor" in last) == (True, False)
    names = walk.names(first) + walk.names(last)
    assert len(set(names) & made) == len(names) == DEFAULT_LIMIT + 5
