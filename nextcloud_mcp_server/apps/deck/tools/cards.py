"""Making, changing, moving, archiving and deleting cards."""

import asyncio

from nextcloud_mcp_server.apps.deck.changes import in_utc, is_naive, replacement
from nextcloud_mcp_server.apps.deck.client import RESTORE, Deck
from nextcloud_mcp_server.apps.deck.finding import stack_of
from nextcloud_mcp_server.apps.deck.models import Board, Card, CardCreated, Change, User
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS, Time, changed, not_archived
from nextcloud_mcp_server.core.arguments import Etag
from nextcloud_mcp_server.core.errors import InvalidValue, NotPermitted


@TOOLS.create()
async def deck_create_card(
    deck: Deck,
    board_id: int,
    stack_id: int,
    title: str,
    type: str = "plain",
    order: int = 999,
    description: str = "",
    duedate: Time = None,
) -> CardCreated:
    """Create a card; description in Markdown."""
    due = await _utc(deck, duedate)
    fields = {"title": title, "type": type, "order": order, "description": description, "duedate": due or None}
    return CardCreated.model_validate(await deck.create_card(board_id, stack_id, fields), from_attributes=True)


@TOOLS.update()
async def deck_update_card(
    deck: Deck,
    board_id: int,
    stack_id: int,
    card_id: int,
    title: str | None = None,
    description: str | None = None,
    type: str | None = None,
    owner: str | None = None,
    order: int | None = None,
    duedate: Time = None,
    archived: bool | None = None,
    done: Time = None,
    etag: Etag = None,
) -> Change:
    """Change the given fields of a card; what is left out stays. An empty done reopens."""
    wanted = {"title": title, "description": description, "type": type, "owner": owner, "order": order, "archived": archived}
    wanted |= {"duedate": await _utc(deck, duedate), "done": await _utc(deck, done)}
    if all(value is None for value in wanted.values()):
        raise InvalidValue("Nothing to change: no field is given.")
    card = await deck.card_to_change(board_id, stack_id, card_id, etag)
    saved = await deck.put_card(board_id, card, replacement(card, wanted))
    kept = f" Deck kept the owner {saved.owner!r}." if owner and owner != saved.owner else ""
    return changed(deck, board_id, saved, f"Card updated.{kept}", ETag=saved.ETag)


@TOOLS.delete(untrusted=True)
async def deck_delete_card(deck: Deck, board_id: int, stack_id: int, card_id: int, etag: str | None = None) -> Change:
    """Delete a card. To only hide it, deck_archive_card."""
    card = await deck.card_to_change(board_id, stack_id, card_id, etag)
    await deck.delete_card(board_id, card)
    return changed(deck, board_id, card, f"Card {card.title!r} deleted. {RESTORE}", url=None)


@TOOLS.update()
async def deck_archive_card(deck: Deck, board_id: int, stack_id: int, card_id: int, etag: str | None = None) -> Change:
    """Archive a card."""
    card = await deck.card_to_change(board_id, stack_id, card_id, etag)
    await deck.card_action(board_id, card, "archive")
    return changed(deck, board_id, card, "Card archived.")


@TOOLS.update()
async def deck_unarchive_card(deck: Deck, board_id: int, stack_id: int, card_id: int, etag: str | None = None) -> Change:
    """Bring an archived card back."""
    card = await deck.card_to_change(board_id, stack_id, card_id, etag)
    await deck.card_action(board_id, card, "unarchive")
    return changed(deck, board_id, card, "Card unarchived.")


@TOOLS.update(untrusted=True)
async def deck_reorder_card(
    deck: Deck, board_id: int, stack_id: int, card_id: int, order: int, target_stack_id: int, etag: str | None = None
) -> Change:
    """Move a card to a position (0 is the top) of a stack on the same board."""
    board, card = await asyncio.gather(deck.board(board_id), deck.card_to_change(board_id, stack_id, card_id, etag))
    stack_of(board.stacks, stack_id, board_id)
    target = stack_of(board.stacks, target_stack_id, board_id)
    not_archived(card)
    await deck.reorder_card(board_id, target_stack_id, card_id, order)
    moved = card.model_copy(update={"stackId": target_stack_id})
    return changed(deck, board_id, moved, f"Card is at position {order} of stack {target.title!r}.")


@TOOLS.update(untrusted=True, title="Move to board")
async def deck_move_card_to_board(
    deck: Deck,
    source_board_id: int,
    source_stack_id: int,
    card_id: int,
    target_board_id: int,
    target_stack_id: int,
    order: int = 0,
    etag: str | None = None,
) -> Change:
    """Move a card to another board. Labels go along by title, people if they are members there."""
    target, card = await asyncio.gather(deck.board(target_board_id), deck.card_to_change(source_board_id, source_stack_id, card_id, etag))
    stack_of(target.stacks, target_stack_id, target_board_id)
    not_archived(card)
    if target.archived or not target.permissions.get("PERMISSION_EDIT", True):
        raise NotPermitted(f"This account cannot add cards to board {target.title!r}.")
    await deck.put_card(target_board_id, card, replacement(card, {"order": order}), target_stack_id)
    await deck.reorder_card(target_board_id, target_stack_id, card_id, order)
    strangers = await _without_strangers(deck, target, card)
    moved = await deck.card(target_board_id, target_stack_id, card_id)
    labels = [label.title for label in moved.labels]
    lost = [*strangers, *(label.title for label in card.labels if label.title not in labels)]
    message = f"Card moved to board {target.title!r}." + (f" Not taken along: {', '.join(lost)}." if lost else "")
    return changed(deck, target_board_id, moved, message, labels=labels, ETag=moved.ETag)


async def _without_strangers(deck: Deck, board: Board, card: Card) -> list[str]:
    """Takes people off a moved card who cannot see its new board: Deck leaves them on it. The ids taken off."""
    shares: list[User] = [User.model_validate(one.get("participant") or {}) for one in board.acl or []]
    members = {user.uid for user in board.users or []} | {share.primaryKey for share in shares}
    off = [one for one in card.assignedUsers if one.participant.uid not in members and one.participant.primaryKey not in members]
    for one in off:
        await deck.card_action(board.id, card, "unassignUser", userId=one.participant.primaryKey, type=one.type)
    return [one.participant.uid for one in off]


async def _utc(deck: Deck, text: str | None) -> str | None:
    """A time in UTC; one without an offset is meant in the person's time zone."""
    return in_utc(text, (await deck.session.person()).zone) if is_naive(text) else in_utc(text)
