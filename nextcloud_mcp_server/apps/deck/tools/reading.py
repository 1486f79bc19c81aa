"""Reading boards, stacks, cards and labels."""

from typing import Any

from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.apps.deck.finding import label_of
from nextcloud_mcp_server.apps.deck.listing import SHOWN_PER_STACK, Look, Wanted, rest_of, summary
from nextcloud_mcp_server.apps.deck.models import Board, BoardSummary, Card, CardSummary, Label, Overview, Stack, StackOverview, StackView
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS, Detail, LabelTitle, MaxLength, PreviewLength, Status, UserId
from nextcloud_mcp_server.core.arguments import Cursor, Limit, Offset
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate
from nextcloud_mcp_server.core.text import cut


@TOOLS.read(items="boards", untrusted=True)
async def deck_get_boards(deck: Deck, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[BoardSummary]:
    """List Deck boards."""
    return paginate(await deck.boards(), limit, cursor).map(lambda board: BoardSummary.model_validate(board, from_attributes=True))


@TOOLS.read(untrusted=True)
async def deck_get_board(
    deck: Deck, board_id: int, include_acl: bool = True, include_users: bool = True, include_labels: bool = True
) -> Board:
    """Read a board: labels, members, permissions. deck_get_board_overview shows its cards."""
    board = await deck.board(board_id)
    wanted = {"acl": include_acl, "users": include_users, "labels": include_labels}
    return board.model_copy(update={name: None for name, keep in wanted.items() if not keep})


@TOOLS.read(items="stacks", untrusted=True)
async def deck_get_stacks(
    deck: Deck,
    board_id: int,
    include_cards: bool = True,
    detail: Detail = "summary",
    status: Status = None,
    label: LabelTitle = None,
    assigned_to: UserId = None,
    description_max_length: MaxLength = None,
    description_preview_length: PreviewLength = 140,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[StackView]:
    """List the stacks (columns) of a board with up to 25 cards each."""
    stacks = await deck.stacks(board_id, Wanted(status, label, assigned_to))
    look = Look(detail, description_max_length, description_preview_length)
    return paginate(stacks, limit, cursor).map(lambda stack: _view(deck, stack, look if include_cards else None))


@TOOLS.read(untrusted=True)
async def deck_get_stack(
    deck: Deck,
    board_id: int,
    stack_id: int,
    include_cards: bool = True,
    detail: Detail = "summary",
    status: Status = None,
    label: LabelTitle = None,
    assigned_to: UserId = None,
    description_max_length: MaxLength = None,
    description_preview_length: PreviewLength = 140,
) -> StackView:
    """Read a stack with up to 25 cards."""
    stack = await deck.stack(board_id, stack_id, Wanted(status, label, assigned_to))
    return _view(deck, stack, Look(detail, description_max_length, description_preview_length) if include_cards else None)


@TOOLS.read(items="cards", untrusted=True)
async def deck_get_cards(
    deck: Deck,
    board_id: int,
    stack_id: int,
    detail: Detail = "summary",
    status: Status = None,
    label: LabelTitle = None,
    assigned_to: UserId = None,
    description_max_length: MaxLength = None,
    description_preview_length: PreviewLength = 140,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Card | CardSummary]:
    """List the cards of a stack. Empty fields are left out."""
    stack = await deck.stack(board_id, stack_id, Wanted(status, label, assigned_to))
    look = Look(detail, description_max_length, description_preview_length)
    echoed = {"stack_id": stack_id, "card_url": deck.card_url(board_id, "{id}")}
    return paginate(stack.cards, limit, cursor, **echoed).map(look.of)


@TOOLS.read(untrusted=True)
async def deck_get_card(deck: Deck, board_id: int, stack_id: int, card_id: int, offset: Offset = 0) -> Card:
    """Read a card with its description, attachments and ETag."""
    card = await deck.card(board_id, stack_id, card_id)
    piece = cut(card.description or "", offset)
    return card.model_copy(update={"description": piece.text, "note": piece.note})


@TOOLS.read(items="labels", untrusted=True)
async def deck_get_labels(deck: Deck, board_id: int, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Label]:
    """List a board's labels."""
    return paginate((await deck.board(board_id)).labels or [], limit, cursor)


@TOOLS.read(untrusted=True)
async def deck_get_label(deck: Deck, board_id: int, label_id: int) -> Label:
    """Read a label."""
    return label_of(await deck.board(board_id), label_id)


@TOOLS.read(items="stacks", untrusted=True, title="Archived stacks")
async def deck_get_archived_stacks(
    deck: Deck,
    board_id: int,
    detail: Detail = "summary",
    label: LabelTitle = None,
    assigned_to: UserId = None,
    description_max_length: MaxLength = None,
    description_preview_length: PreviewLength = 140,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[StackView]:
    """List a board's stacks with their archived cards."""
    stacks = await deck.stacks(board_id, Wanted("archived", label, assigned_to))
    look = Look(detail, description_max_length, description_preview_length)
    return paginate(stacks, limit, cursor).map(lambda stack: _view(deck, stack, look))


@TOOLS.read(untrusted=True, cleaned=True, title="Board overview")
async def deck_get_board_overview(
    deck: Deck,
    board_id: int,
    status: Status = None,
    label: LabelTitle = None,
    assigned_to: UserId = None,
    description_preview_length: PreviewLength = 140,
) -> Overview:
    """A whole board at a glance: stacks, cards (up to 25 a stack), labels."""
    board, stacks = await deck.whole(board_id, Wanted(status, label, assigned_to))

    def glance(stack: Stack) -> StackOverview:
        cards = [summary(card, description_preview_length) for card in stack.cards[:SHOWN_PER_STACK]]
        note = rest_of(stack, len(cards))
        return StackOverview(id=stack.id, title=stack.title, order=stack.order, card_count=len(stack.cards), cards=cards, note=note)

    return Overview(
        board_id=board.id,
        title=board.title,
        labels=[one.title for one in board.labels or []],
        stacks=[glance(stack) for stack in stacks],
        total_cards=sum(len(stack.cards) for stack in stacks),
        url=board.url,
    )


def _view(deck: Deck, stack: Stack, look: Look | None) -> StackView:
    fields: dict[str, Any] = stack.model_dump(exclude={"cards"}) | {"url": deck.board_url(stack.boardId)}
    if look is None:
        return StackView(**fields)
    shown = look.all(stack.cards[:SHOWN_PER_STACK])
    return StackView(**fields, card_count=len(stack.cards), cards=shown, note=rest_of(stack, len(shown)))
