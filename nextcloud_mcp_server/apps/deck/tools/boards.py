"""Making and deleting boards; making, changing and deleting stacks."""

from nextcloud_mcp_server.apps.deck.changes import same_version
from nextcloud_mcp_server.apps.deck.client import RESTORE, Deck
from nextcloud_mcp_server.apps.deck.finding import stack_of
from nextcloud_mcp_server.apps.deck.listing import Wanted
from nextcloud_mcp_server.apps.deck.models import BoardCreated, Change, StackCreated
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS, Color
from nextcloud_mcp_server.core.arguments import Confirm
from nextcloud_mcp_server.core.errors import InvalidValue

NAMED_AT_MOST = 25
RESTORE_BOARD = "deck_restore brings it back until Nextcloud's daily clean-up, where Deck allows it: 1.16 does not."


@TOOLS.create()
async def deck_create_board(deck: Deck, title: str, color: Color) -> BoardCreated:
    """Create a board; it has no stacks yet."""
    return BoardCreated.model_validate(await deck.create_board(title, color), from_attributes=True)


@TOOLS.delete(untrusted=True)
async def deck_delete_board(deck: Deck, board_id: int, confirm: Confirm = False, etag: str | None = None) -> Change:
    """Delete a board with all it holds, for everybody."""
    board, stacks = await deck.whole(board_id, Wanted("all"))
    same_version(etag, board.ETag, f"Board {board_id}")
    held = f"Board {board.title!r} with {len(stacks)} stacks and {sum(len(stack.cards) for stack in stacks)} cards"
    if not confirm:
        message = f"Nothing was deleted. {held} is shared with {len(board.acl or [])}; confirm=true deletes it for all. {RESTORE_BOARD}"
        holding = [f"{stack.title} ({len(stack.cards)} cards)" for stack in stacks[:NAMED_AT_MOST]]
        return Change(status_code=None, message=message, board_id=board_id, would_delete=holding)
    await deck.delete_board(board_id)
    return Change(message=f"{held} deleted. {RESTORE_BOARD}", board_id=board_id)


@TOOLS.create()
async def deck_create_stack(deck: Deck, board_id: int, title: str, order: int) -> StackCreated:
    """Add a stack (column) to a board."""
    return StackCreated.model_validate(await deck.create_stack(board_id, title, order), from_attributes=True)


@TOOLS.update(untrusted=True)
async def deck_update_stack(
    deck: Deck, board_id: int, stack_id: int, title: str | None = None, order: int | None = None, etag: str | None = None
) -> Change:
    """Rename or move a stack within its board."""
    if title is None and order is None:
        raise InvalidValue("Nothing to change: neither title nor order is given.")
    stack = stack_of((await deck.board(board_id)).stacks, stack_id, board_id)
    same_version(etag, stack.ETag, f"Stack {stack_id}")
    saved = await deck.update_stack(board_id, stack, title, order)
    return Change(message=f"Stack {saved.title!r} updated.", stack_id=stack_id, board_id=board_id, ETag=saved.ETag)


@TOOLS.delete(untrusted=True)
async def deck_delete_stack(deck: Deck, board_id: int, stack_id: int, confirm: Confirm = False) -> Change:
    """Delete a stack. With cards in it, it needs confirm."""
    stack = await deck.stack(board_id, stack_id, Wanted("all"))
    if stack.cards and not confirm:
        titles = [card.title for card in stack.cards[:NAMED_AT_MOST]]
        message = f"Nothing was deleted. Stack {stack.title!r} holds {len(stack.cards)} cards; confirm=true deletes them too."
        return Change(status_code=None, message=message, stack_id=stack_id, board_id=board_id, would_delete=titles)
    await deck.delete_stack(board_id, stack_id)
    message = f"Stack {stack.title!r} with {len(stack.cards)} cards deleted. {RESTORE}"
    return Change(message=message, stack_id=stack_id, board_id=board_id)
