"""Labels, people and dependencies on a card."""

import asyncio

from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.apps.deck.finding import label_of
from nextcloud_mcp_server.apps.deck.listing import assignees
from nextcloud_mcp_server.apps.deck.models import Change
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS, changed, not_archived
from nextcloud_mcp_server.core.errors import InvalidValue, NotFound


@TOOLS.update(untrusted=True, title="Assign label")
async def deck_assign_label_to_card(
    deck: Deck, board_id: int, stack_id: int, card_id: int, label_id: int, etag: str | None = None
) -> Change:
    """Put a label of the board on a card."""
    board, card = await asyncio.gather(deck.board(board_id), deck.card_to_change(board_id, stack_id, card_id, etag))
    label = label_of(board, label_id)
    not_archived(card)
    if any(one.id == label_id for one in card.labels):
        return changed(deck, board_id, card, f"Label {label.title!r} was on the card already.")
    await deck.card_action(board_id, card, "assignLabel", labelId=label_id)
    return changed(deck, board_id, card, f"Label {label.title!r} put on the card.")


@TOOLS.update(untrusted=True, title="Remove label")
async def deck_remove_label_from_card(
    deck: Deck, board_id: int, stack_id: int, card_id: int, label_id: int, etag: str | None = None
) -> Change:
    """Take a label off a card."""
    card = await deck.card_to_change(board_id, stack_id, card_id, etag)
    not_archived(card)
    label = next((one for one in card.labels if one.id == label_id), None)
    if label is None:
        there = [f"{one.title} ({one.id})" for one in card.labels]
        raise NotFound(f"Label {label_id} is not on card {card_id}.", candidates=there, hint="Nothing was changed.")
    await deck.card_action(board_id, card, "removeLabel", labelId=label_id)
    return changed(deck, board_id, card, f"Label {label.title!r} taken off the card.")


@TOOLS.update(title="Assign user")
async def deck_assign_user_to_card(deck: Deck, board_id: int, stack_id: int, card_id: int, user_id: str, etag: str | None = None) -> Change:
    """Assign a member of the board to a card."""
    card = await deck.card_to_change(board_id, stack_id, card_id, etag)
    if user_id in assignees(card):
        return changed(deck, board_id, card, f"{user_id} was on the card already.")
    try:
        await deck.card_action(board_id, card, "assignUser", userId=user_id)
    except InvalidValue as refused:
        if "not part of the board" not in refused.message:
            raise
        members = [user.uid for user in (await deck.board(board_id)).users or []]
        hint = "deck_share_board first; nothing was changed."
        raise InvalidValue(f"{user_id!r} is no member of board {board_id}.", candidates=members, hint=hint) from None
    return changed(deck, board_id, card, f"{user_id} assigned.")


@TOOLS.delete(title="Unassign user")
async def deck_unassign_user_from_card(
    deck: Deck, board_id: int, stack_id: int, card_id: int, user_id: str, etag: str | None = None
) -> Change:
    """Take somebody off a card."""
    card = await deck.card_to_change(board_id, stack_id, card_id, etag)
    found = next((one for one in card.assignedUsers if user_id in (one.participant.uid, one.participant.primaryKey)), None)
    if found is None:
        raise NotFound(f"{user_id!r} is not assigned to card {card_id}.", candidates=assignees(card), hint="Nothing was changed.")
    await deck.card_action(board_id, card, "unassignUser", userId=user_id, type=found.type)
    return changed(deck, board_id, card, f"{user_id} unassigned. deck_assign_user_to_card assigns again.")


@TOOLS.update(title="Add dependency")
async def deck_assign_dependent_card(
    deck: Deck, board_id: int, stack_id: int, card_id: int, dependent_card_id: int, etag: str | None = None
) -> Change:
    """Make a card depend on another (Deck 1.18)."""
    card = await deck.card_to_change(board_id, stack_id, card_id, etag)
    await deck.depend("POST", board_id, card, dependent_card_id)
    return changed(deck, board_id, card, f"Card {card_id} depends on card {dependent_card_id}.")


@TOOLS.delete(title="End dependency")
async def deck_remove_dependent_card(
    deck: Deck, board_id: int, stack_id: int, card_id: int, dependent_card_id: int, etag: str | None = None
) -> Change:
    """Remove a dependency of a card."""
    card = await deck.card_to_change(board_id, stack_id, card_id, etag)
    await deck.depend("DELETE", board_id, card, dependent_card_id)
    return changed(deck, board_id, card, f"Card {card_id} no longer depends on card {dependent_card_id}.")
