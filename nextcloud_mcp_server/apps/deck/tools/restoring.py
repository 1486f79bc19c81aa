"""Bringing back what was deleted. Deck's PUT does it, and wants the whole thing again."""

import asyncio

from nextcloud_mcp_server.apps.deck.changes import replacement
from nextcloud_mcp_server.apps.deck.client import Deck, named
from nextcloud_mcp_server.apps.deck.models import Change
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS, changed
from nextcloud_mcp_server.core.errors import InvalidValue, NotFound


@TOOLS.update(untrusted=True)
async def deck_restore(deck: Deck, board_id: int, card_id: int | None = None, stack_id: int | None = None) -> Change:
    """Restore a deleted card, or a deleted stack with its cards."""
    if (card_id is None) == (stack_id is None):
        raise InvalidValue("Give either card_id or stack_id.")
    return await _card(deck, board_id, card_id) if card_id is not None else await _stack(deck, board_id, stack_id or 0)


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
