"""One of many by its id, and the error that names the others; pure."""

from collections.abc import Iterable

from nextcloud_mcp_server.apps.deck.models import MEMBERS, Board, Card, Label, Member, Stack
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.nextcloud.answers import shape


def named(things: Iterable[Board | Stack | Label | Card]) -> list[str]:
    """Titles with ids, as candidates."""
    return [f"{thing.title} ({thing.id})" for thing in things]


def no_stack(stacks: Iterable[Stack], stack_id: int, board_id: int) -> NotFound:
    return NotFound(f"Stack {stack_id} not found on board {board_id}.", candidates=named(stacks))


def stack_of(stacks: list[Stack], stack_id: int, board_id: int) -> Stack:
    """One of a board's stacks. Raises NotFound with those there are."""
    found = next((stack for stack in stacks if stack.id == stack_id), None)
    if found is None:
        raise no_stack(stacks, stack_id, board_id)
    return found


def label_of(board: Board, label_id: int) -> Label:
    """One of a board's labels. Raises NotFound with those there are."""
    found = next((label for label in board.labels or [] if label.id == label_id), None)
    if found is None:
        raise NotFound(f"Label {label_id} not found on board {board.id}.", candidates=named(board.labels or []))
    return found


def members_of(board: Board) -> list[Member]:
    """Whom a board is shared with."""
    return shape(MEMBERS, board.acl or [], f"the members of board {board.id}")
