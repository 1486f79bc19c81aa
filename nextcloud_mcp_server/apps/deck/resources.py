"""Boards, stacks, cards and labels by URI, as full records."""

from collections.abc import Awaitable, Callable
from typing import Any

from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.apps.deck.finding import label_of
from nextcloud_mcp_server.apps.deck.listing import Wanted
from nextcloud_mcp_server.core.app import Resource

READ = frozenset({"deck:read"})
COMPLETIONS = 100


async def boards(deck: Deck) -> Any:
    return await deck.boards()


async def board(deck: Deck, board_id: int) -> Any:
    return await deck.board(board_id)


async def stacks(deck: Deck, board_id: int) -> Any:
    return await deck.stacks(board_id, Wanted())


async def stack(deck: Deck, board_id: int, stack_id: int) -> Any:
    return await deck.stack(board_id, stack_id, Wanted())


async def cards(deck: Deck, board_id: int, stack_id: int) -> Any:
    return (await deck.stack(board_id, stack_id, Wanted())).cards


async def card(deck: Deck, board_id: int, stack_id: int, card_id: int) -> Any:
    return await deck.card(board_id, stack_id, card_id)


async def labels(deck: Deck, board_id: int) -> Any:
    return (await deck.board(board_id)).labels


async def label(deck: Deck, board_id: int, label_id: int) -> Any:
    return label_of(await deck.board(board_id), label_id)


async def ids(deck: Deck, argument: str, text: str) -> list[str]:
    """Ids that begin with `text`; cards only those that are upcoming for this person."""
    if argument == "card_id":
        found = [card.id for card in await deck.upcoming()]
    else:
        every = await deck.detailed_boards()
        inner = {"stack_id": [s.id for b in every for s in b.stacks], "label_id": [one.id for b in every for one in b.labels or []]}
        found = inner.get(argument, [b.id for b in every])
    return [str(one) for one in found if str(one).startswith(text)][:COMPLETIONS]


def _resource(path: str, name: str, description: str, read: Callable[..., Awaitable[Any]]) -> Resource:
    return Resource(f"nc://Deck/boards{path}", name, description, read, READ, complete=ids if path else None)


RESOURCES = (
    _resource("", "Deck boards", "All boards", boards),
    _resource("/{board_id}", "Deck board", "One board", board),
    _resource("/{board_id}/stacks", "Deck stacks", "The stacks of a board with their cards", stacks),
    _resource("/{board_id}/stacks/{stack_id}", "Deck stack", "One stack with its cards", stack),
    _resource("/{board_id}/stacks/{stack_id}/cards", "Deck cards", "The cards of a stack", cards),
    _resource("/{board_id}/stacks/{stack_id}/cards/{card_id}", "Deck card", "One card", card),
    _resource("/{board_id}/labels", "Deck labels", "The labels of a board", labels),
    _resource("/{board_id}/labels/{label_id}", "Deck label", "One label", label),
)
