"""Bringing back what was deleted. Deck's PUT does it, and wants the whole thing again."""

import asyncio

from nextcloud_mcp_server.apps.deck.changes import replacement
from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.apps.deck.finding import named
from nextcloud_mcp_server.apps.deck.models import Change
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS, changed
from nextcloud_mcp_server.core.errors import InvalidValue, NotFound, NotPermitted


@TOOLS.update(untrusted=True)
async def deck_restore(deck: Deck, board_id: int, card_id: int | None = None, stack_id: int | None = None) -> Change:
    """Restore a deleted card, a deleted stack with its cards, or with neither id the deleted board."""
    if card_id is not None and stack_id is not None:
        raise InvalidValue("Give either card_id or stack_id.")
    if card_id is not None:
        return await _card(deck, board_id, card_id)
    return await _board(deck, board_id) if stack_id is None else await _stack(deck, board_id, stack_id)


async def _card(deck: Deck, board_id: int, card_id: int) -> Change:
    board, deleted = await asyncio.gather(deck.board(board_id), deck.deleted_cards(board_id))
    card = next((one for one in deleted if one.id == card_id), None)
    if card is None:
        raise NotFound(f"Card {card_id} is not among the deleted cards of board {board_id}.", candidates=named(deleted))
    if card.stackId not in {stack.id for stack in board.stacks}:
        raise InvalidValue(f"Stack {card.stackId} of card {card_id} is deleted.", hint=f"Restore it first: stack_id={card.stackId}.")
    saved = await deck.put_card(board_id, card, replacement(card, {}))
    return changed(deck, board_id, saved, f"Card {saved.title!r} restored.", ETag=saved.ETag)


async def _stack(deck: Deck, board_id: int, stack_id: int) -> Change:
    deleted = await deck.deleted_stacks(board_id)
    stack = next((one for one in deleted if one.id == stack_id), None)
    if stack is None:
        raise NotFound(f"Stack {stack_id} is not among the deleted stacks of board {board_id}.", candidates=named(deleted))
    await deck.update_stack(board_id, stack, None, None)
    return Change(message=f"Stack {stack.title!r} restored.", stack_id=stack_id, board_id=board_id)


async def _board(deck: Deck, board_id: int) -> Change:
    deleted = await deck.deleted_boards()
    board = next((one for one in deleted if one.id == board_id), None)
    if board is None:
        raise NotFound(f"Board {board_id} is not among the deleted boards.", candidates=named(reversed(deleted)))
    try:
        await deck.undelete_board(board_id)
    except NotPermitted:
        hint = "Deck 1.16 lets nobody restore a board; an update of Deck may."
        raise NotPermitted(f"This Deck does not restore board {board.title!r}.", hint=hint) from None
    return Change(message=f"Board {board.title!r} restored.", board_id=board_id, url=deck.board_url(board_id))
