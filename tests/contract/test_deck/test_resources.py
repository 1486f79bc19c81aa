"""Deck by URI on a Nextcloud, with completions for ids; and what this Deck does not have."""

from typing import Any

import orjson

from nextcloud_mcp_server.apps.deck.resources import RESOURCES
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.server.binding import Call
from nextcloud_mcp_server.server.resources import Shelf, complete, read
from tests.contract.test_deck.conftest import Desk
from tests.support.assistant import Assistant


def call_of(person: Assistant) -> Call:
    async def opened(_: Caller) -> Session:
        return person.session

    return Call(Caller("test", "person"), opened)


async def get(person: Assistant, uri: str) -> Any:
    shelf = Shelf([person.surface.catalog.apps["deck"]], None)
    return orjson.loads((await read(shelf.find(uri), uri, call_of(person))).text)  # type: ignore[union-attr]


async def test_every_level_can_be_read(desk: Desk, alice: Assistant) -> None:
    base = f"nc://Deck/boards/{desk.id}"
    label = await desk.label("Later")
    assert desk.id in [board["id"] for board in await get(alice, "nc://Deck/boards")]
    assert (await get(alice, base))["id"] == desk.id
    assert [stack["id"] for stack in await get(alice, f"{base}/stacks")] == [desk.todo, desk.done]
    assert (await get(alice, f"{base}/stacks/{desk.todo}"))["cards"][0]["description"] == "desc **md**"
    assert [card["id"] for card in await get(alice, f"{base}/stacks/{desk.todo}/cards")] == [desk.card]
    assert (await get(alice, f"{base}/stacks/{desk.todo}/cards/{desk.card}"))["title"] == "Card one"
    assert label in [one["id"] for one in await get(alice, f"{base}/labels")]
    assert (await get(alice, f"{base}/labels/{label}"))["title"] == "Later"


async def test_ids_are_completed(desk: Desk, alice: Assistant) -> None:
    deepest = {one.uri: one for one in RESOURCES}
    card = deepest["nc://Deck/boards/{board_id}/stacks/{stack_id}/cards/{card_id}"]
    label = deepest["nc://Deck/boards/{board_id}/labels/{label_id}"]
    wanted = (
        (card, "board_id", desk.id),
        (card, "stack_id", desk.todo),
        (card, "card_id", desk.card),
        (label, "label_id", await desk.label("Later")),
    )
    for resource, argument, value in wanted:
        assert str(value) in await complete(resource, argument, str(value), call_of(alice)), argument
        assert await complete(resource, argument, "x", call_of(alice)) == []


async def test_dependent_cards_need_a_newer_deck(desk: Desk) -> None:
    second = await desk.add("Two")
    for tool in ("deck_assign_dependent_card", "deck_remove_dependent_card"):
        text = await desk.alice.error(tool, **desk.at, dependent_card_id=second)
        assert "Deck 1.18" in text
