"""Listings of 0, 25, 26 and 10,000 things, in a sandbox of each test's own."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, cursor_for
from nextcloud_sandbox.areas.cookbook.service import Recipes
from nextcloud_sandbox.areas.deck.state import Decks
from nextcloud_sandbox.areas.sharing.state import LINK, Shares
from nextcloud_sandbox.areas.tables.state import Tables
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.server import running
from tests.support.assistant import Assistant, session

COUNTS = (0, 25, 26, 10_000)
Ids = list[Any]


@dataclass(frozen=True)
class Listing:
    """A tool whose answer has `items` in pages; `fill` makes so many things, in the order in which they are listed."""

    tool: str
    items: str
    fill: Callable[[Sandbox, int], Ids]
    id: str = "id"
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    total: str | None = "total"

    def seen(self, page: dict[str, Any]) -> Ids:
        items = page[self.items]
        return [one[self.id] for one in (orjson.loads(items) if isinstance(items, str) else items)]


def boards(sandbox: Sandbox, count: int) -> Ids:
    decks = Decks(sandbox)
    return [decks.add_board(f"Board {number:05}", "alice", "ff0000").id for number in range(count)]


def labels(sandbox: Sandbox, count: int) -> Ids:
    decks = Decks(sandbox)
    board = decks.add_board("The board", "alice", "ff0000")
    decks.store.labels.clear()
    return [decks.add_label(board.id, f"Label {number:05}", "ff0000").id for number in range(count)]


def comments(sandbox: Sandbox, count: int) -> Ids:
    decks = Decks(sandbox)
    stack = decks.add_stack(decks.add_board("The board", "alice", "ff0000").id, "The stack", 0)
    card = decks.add_card(stack.id, "The card", "alice")
    return [decks.add_comment(card, "alice", str(number)).id for number in range(count)][::-1]


def recipes(sandbox: Sandbox, count: int) -> Ids:
    kept = Recipes(sandbox, "alice")
    return [kept.save({"name": f"Recipe {number:05}"}) for number in range(count)]


def links(sandbox: Sandbox, count: int) -> Ids:
    sandbox.files("alice").write("shared.txt", b"x")
    entry, shares = sandbox.files("alice").get("shared.txt"), Shares(sandbox)
    return [str(shares.add(entry, "alice", LINK, None, 17).id) for _ in range(count)]


def people(sandbox: Sandbox, count: int) -> Ids:
    return [sandbox.add_user(f"person{number:05}", "secret").id for number in range(count)]


def tables(sandbox: Sandbox, count: int) -> Ids:
    kept = Tables(sandbox, "alice")
    return [kept.add_table(f"Table {number:05}").id for number in range(count)]


LISTINGS = (
    Listing("deck_get_boards", "boards", boards),
    Listing("deck_get_labels", "labels", labels, arguments={"board_id": 1}),
    Listing("nc_cookbook_list_recipes", "recipes", recipes, id="recipe_id", total="total_count"),
    Listing("nc_cookbook_search_recipes", "recipes", recipes, id="recipe_id", arguments={"query": "recipe"}, total="total_found"),
    Listing("nc_share_list", "result", links),
    Listing("nc_users_find_people", "people", people, arguments={"query": "person", "kinds": ["user"]}, total=None),
    Listing("nc_tables_list_tables", "tables", tables, total="total_count"),
)


@pytest.fixture
async def place() -> AsyncGenerator[tuple[Sandbox, Assistant]]:
    async with running(seed=False) as sandbox:
        person = session(sandbox.url, "alice", "alice")
        yield sandbox.sandbox, Assistant(person)
        await person.transport.aclose()


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("listing", LISTINGS, ids=lambda one: one.tool)
async def test_a_listing_has_pages_of_25_to_the_last_thing(place: tuple[Sandbox, Assistant], listing: Listing, count: int) -> None:
    sandbox, alice = place
    made = listing.fill(sandbox, count)
    first = await alice.call(listing.tool, **listing.arguments)
    assert listing.seen(first) == made[:DEFAULT_LIMIT]
    assert ("next_cursor" in first) is (count > DEFAULT_LIMIT)
    if listing.total:
        assert first[listing.total] == count
    if count > DEFAULT_LIMIT:
        second = await alice.call(listing.tool, **listing.arguments, cursor=first["next_cursor"])
        assert listing.seen(second) == made[DEFAULT_LIMIT : 2 * DEFAULT_LIMIT]
        last = await alice.call(listing.tool, **listing.arguments, limit=500, cursor=cursor_for(count - 5))
        assert (listing.seen(last), "next_cursor" in last) == (made[-5:], False)


@pytest.mark.parametrize("count", COUNTS)
async def test_comments_on_a_card_have_pages_of_25_to_the_last_one(place: tuple[Sandbox, Assistant], count: int) -> None:
    sandbox, alice = place
    made = comments(sandbox, count)
    (card,) = Decks(sandbox).store.cards
    first = await alice.call("deck_get_card_comments", card_id=card)
    assert [one["id"] for one in first["results"]] == made[:DEFAULT_LIMIT]
    assert first.get("next_offset") == (DEFAULT_LIMIT if count > DEFAULT_LIMIT else None)
    last = await alice.call("deck_get_card_comments", card_id=card, offset=max(0, count - 5))
    assert ([one["id"] for one in last["results"]], "next_offset" in last) == (made[-5:], False)
