"""Deck's REST API v1.1 (https://deck.readthedocs.io/en/latest/API/) and its OCS API for comments.

Deck answers 403 for what does not exist, and looks at the last id of an address only; the methods say which of the ids is wrong.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from nextcloud_mcp_server.apps.deck.changes import same_version
from nextcloud_mcp_server.apps.deck.finding import named, no_stack, stack_of
from nextcloud_mcp_server.apps.deck.listing import Wanted, merged
from nextcloud_mcp_server.apps.deck.models import (
    ATTACHMENTS,
    BOARD,
    BOARDS,
    CARD,
    CARDS,
    COMMENT,
    COMMENTS,
    LABEL,
    MEMBER,
    STACK,
    STACKS,
    Attachment,
    Board,
    BoardList,
    Card,
    Comment,
    Label,
    Member,
    Stack,
)
from nextcloud_mcp_server.core.errors import (
    AlreadyExists,
    BadAnswer,
    InvalidValue,
    MissingApp,
    NextcloudError,
    NotFound,
    NotPermitted,
)
from nextcloud_mcp_server.nextcloud.answers import Answer, quoted_etag, shape
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.hidden import hidden, refuse_hidden
from nextcloud_mcp_server.nextcloud.ocs import as_list

APP = "/index.php/apps/deck"
API = f"{APP}/api/v1.1/boards"
OCS = "/apps/deck/api/v1.0/cards"
DECK_SHARE = 12
READ = 1
ASSIGNEES_ASKED = 100
RESTORE = "deck_restore brings it back until Nextcloud's daily clean-up; so do the deleted items on the board's page."


@dataclass(frozen=True)
class Place:
    """The ids that a request names, to find out afterwards which of them is wrong."""

    board: int
    stack: int | None = None
    card: int | None = None

    @property
    def path(self) -> str:
        parts = [API, str(self.board)]
        parts += ["stacks", str(self.stack)] if self.stack is not None else []
        return "/".join(parts + (["cards", str(self.card)] if self.card is not None else []))

    @property
    def what(self) -> str:
        if self.card is not None:
            return f"Card {self.card}"
        return f"Stack {self.stack}" if self.stack is not None else f"Board {self.board}"


class Deck(Client):
    """The boards that one person sees."""

    # Boards

    async def boards(self) -> list[Board]:
        """The boards without their contents; Deck lists deleted ones too, they are left out."""
        answer = await self.session.request("GET", API, what="the boards")
        return [self._linked(board) for board in answer.parse(BOARDS) if not board.deletedAt]

    async def boards_since(self, etag: str | None) -> BoardList | None:
        """The boards with who shares them; None where the listing is the one that had `etag`.

        Only by ETag: Deck fails on If-Modified-Since with Nextcloud 32.
        """
        headers = {"If-None-Match": quoted_etag(etag)} if etag else {}
        answer = await self.session.request("GET", API, what="the boards", headers=headers)
        if answer.status == 304:
            return None
        boards = [board for board in answer.parse(BOARDS) if not board.deletedAt]
        return BoardList(boards=boards, etag=answer.etag, date=answer.headers.get("Date"))

    async def detailed_boards(self) -> list[Board]:
        """The boards with their stacks and labels, in one request."""
        answer = await self.session.request("GET", f"{API}?details=true", what="the boards")
        return [board for board in answer.parse(BOARDS) if not board.deletedAt]

    async def board(self, board_id: int) -> Board:
        """A board with labels, people, and its stacks without their cards."""
        return self._linked((await self._ask("GET", Place(board_id))).parse(BOARD))

    async def create_board(self, title: str, color: str) -> Board:
        fields = {"title": title, "color": color}
        return self._linked((await self.session.request("POST", API, what=f"board {title!r}", json=fields)).parse(BOARD))

    async def delete_board(self, board_id: int) -> None:
        await self._ask("DELETE", Place(board_id))

    # Members

    async def save_member(self, board_id: int, member: Member | None, fields: dict[str, Any]) -> Member:
        """Shares a board, or changes how it is shared. Deck takes any name, and fails where it has that one already."""
        method, path = ("PUT", f"/acl/{member.id}") if member else ("POST", "/acl")
        return (await self._ask(method, Place(board_id), path, json=fields)).parse(MEMBER)

    async def delete_member(self, board_id: int, member: Member) -> None:
        """Takes a person off the board's cards too."""
        await self._ask("DELETE", Place(board_id), f"/acl/{member.id}")

    # Stacks

    async def stacks(self, board_id: int, wanted: Wanted) -> list[Stack]:
        """The stacks in their order, each with the cards that are wanted: one request, two where archived ones are among them."""
        active, archived = await asyncio.gather(
            self._stacks(board_id, "stacks", wanted.active), self._stacks(board_id, "stacks/archived", wanted.archived)
        )
        if wanted.assigned_to:
            archived = await self._with_assignees(board_id, archived, wanted)
        everything = merged(active, archived)
        return [stack.model_copy(update={"cards": [card for card in stack.cards if wanted.takes(card)]}) for stack in everything]

    async def whole(self, board_id: int, wanted: Wanted) -> tuple[Board, list[Stack]]:
        """A board and its stacks with the cards that are wanted."""
        return await asyncio.gather(self.board(board_id), self.stacks(board_id, wanted))

    async def stack(self, board_id: int, stack_id: int, wanted: Wanted) -> Stack:
        """One stack with the cards that are wanted. Deck's own address for one stack leaves the labels out."""
        return stack_of(await self.stacks(board_id, wanted), stack_id, board_id)

    async def create_stack(self, board_id: int, title: str, order: int) -> Stack:
        fields = {"title": title, "order": order}
        return (await self._ask("POST", Place(board_id), "/stacks", json=fields)).parse(STACK)

    async def update_stack(self, board_id: int, stack: Stack, title: str | None, order: int | None) -> Stack:
        """PUT wants both fields, and moves the stack to the board of the address."""
        fields = {"title": stack.title if title is None else title, "order": stack.order if order is None else order}
        return (await self._ask("PUT", Place(board_id, stack.id), json=fields)).parse(STACK)

    async def delete_stack(self, board_id: int, stack_id: int) -> None:
        await self._ask("DELETE", Place(board_id, stack_id))

    # Labels

    async def create_label(self, board_id: int, title: str, color: str) -> Label:
        fields = {"title": title, "color": color}
        return (await self._ask("POST", Place(board_id), "/labels", json=fields)).parse(LABEL)

    async def update_label(self, board_id: int, label: Label, title: str | None, color: str | None) -> None:
        fields = {"title": title or label.title, "color": color or label.color}
        await self._ask("PUT", Place(board_id), f"/labels/{label.id}", json=fields)

    async def delete_label(self, board_id: int, label_id: int) -> None:
        await self._ask("DELETE", Place(board_id), f"/labels/{label_id}")

    # Cards

    async def card(self, board_id: int, stack_id: int, card_id: int) -> Card:
        """A card with its attachments, wherever it is: Deck does not look at the board and the stack."""
        place = Place(board_id, stack_id, card_id)
        return self.linked(board_id, (await self._ask("GET", place)).parse(CARD))

    async def card_to_change(self, board_id: int, stack_id: int, card_id: int, etag: str | None) -> Card:
        """A card that is in this very stack and still has `etag`; else the error says where it is, or its version."""
        card = await self.card(board_id, stack_id, card_id)
        if card.stackId != stack_id:
            hint = f"Nothing was changed; call again with stack_id={card.stackId} if you mean this card."
            raise InvalidValue(f"Card {card_id} is in stack {card.stackId}, not in {stack_id}.", hint=hint)
        same_version(etag, card.ETag, f"Card {card_id}")
        return card

    async def create_card(self, board_id: int, stack_id: int, fields: dict[str, Any]) -> Card:
        """Deck would put it into any stack with that id, so the stack is looked up on the board before."""
        stack_of((await self.board(board_id)).stacks, stack_id, board_id)
        answer = await self._ask("POST", Place(board_id, stack_id), "/cards", json=fields)
        return self.linked(board_id, answer.parse(CARD))

    async def put_card(self, board_id: int, card: Card, fields: dict[str, Any], stack_id: int | None = None) -> Card:
        """Replaces a card; `stack_id` moves it."""
        place = Place(board_id, stack_id or card.stackId, card.id)
        return self.linked(board_id, (await self._ask("PUT", place, json=fields)).parse(CARD))

    async def reorder_card(self, board_id: int, stack_id: int, card_id: int, order: int) -> None:
        """Puts a card at a position of a stack. The stack of the address counts, the one of the body does not."""
        await self._ask("PUT", Place(board_id, stack_id, card_id), "/reorder", json={"order": order, "stackId": stack_id})

    async def card_action(self, board_id: int, card: Card, action: str, **fields: Any) -> None:
        """archive, unarchive, assignLabel (labelId), removeLabel, assignUser (userId, type), unassignUser."""
        await self._ask("PUT", Place(board_id, card.stackId, card.id), f"/{action}", json=fields)

    async def delete_card(self, board_id: int, card: Card) -> None:
        await self._ask("DELETE", Place(board_id, card.stackId, card.id))

    async def depend(self, method: str, board_id: int, card: Card, dependent_id: int) -> None:
        """POST adds and DELETE removes a dependency (Deck 1.18 and later)."""
        path = Place(board_id, card.stackId, card.id).path.replace("/v1.1/", "/v1.0/")
        try:
            await self.session.request(method, f"{path}/dependentCards/{dependent_id}", what=f"Card {dependent_id}")
        except InvalidValue as refused:
            if "operation" not in refused.message:
                raise
            raise MissingApp("The Deck of this Nextcloud has no dependent cards.", hint="They came with Deck 1.18.") from None

    # What was deleted: the addresses that Deck's own pages use, its API has none

    async def deleted_boards(self) -> list[Board]:
        return [board for board in (await self.session.request("GET", API, what="the boards")).parse(BOARDS) if board.deletedAt]

    async def undelete_board(self, board_id: int) -> None:
        """Deck 1.16 forbids it to everybody."""
        await self.session.request("POST", f"{Place(board_id).path}/undo_delete", what=f"Board {board_id}")

    async def deleted_cards(self, board_id: int) -> list[Card]:
        return (await self._ask("GET", Place(board_id), f"{APP}/{board_id}/cards/deleted")).parse(CARDS)

    async def deleted_stacks(self, board_id: int) -> list[Stack]:
        return (await self._ask("GET", Place(board_id), f"{APP}/{board_id}/stacks/deleted")).parse(STACKS)

    # Attachments

    async def attachments(self, board_id: int, stack_id: int, card_id: int) -> list[Attachment]:
        """The files on a card without the deleted ones."""
        found = (await self._ask("GET", Place(board_id, stack_id, card_id), "/attachments")).parse(ATTACHMENTS)
        unseen = await hidden(self.session)
        return [one for one in found if not one.deletedAt and not unseen.hides(*one.file)]

    async def attach(self, card_id: int, path: str) -> int:
        """Shares a file of the person into a card; the share's id."""
        await refuse_hidden(self.session, path)
        fields = {"path": path, "shareType": DECK_SHARE, "shareWith": str(card_id), "permissions": READ}
        what = f"File {path!r}"
        try:
            data: Any = await self.session.ocs("POST", "/apps/files_sharing/api/v1/shares", what=what, data=_form(fields))
        except NotPermitted as refused:
            if "already shared" not in refused.message:
                raise
            raise AlreadyExists(f"{what} is attached to card {card_id} already.", hint="Nothing to do.") from None
        except (BadAnswer, NotFound) as failed:
            await self._card_anywhere(card_id)
            raise failed from None
        return int(data["id"])

    async def delete_attachment(self, board_id: int, stack_id: int, attachment: Attachment) -> None:
        place = Place(board_id, stack_id, attachment.cardId)
        await self._ask("DELETE", place, f"/attachments/{attachment.type}/{attachment.id}")

    async def note_path(self, note_id: int) -> str:
        """Where the file of a note is, as the Notes app says."""
        answer = await self.session.request("GET", f"/index.php/apps/notes/api/v1/notes/{note_id}?exclude=content", what=f"Note {note_id}")
        path: Any = answer.json().get("internalPath")
        if not isinstance(path, str) or not path.startswith("/"):
            raise BadAnswer(f"Nextcloud does not say where the file of note {note_id} is.", hint="Use deck_attach_file with its path.")
        return path

    # Comments

    async def comments(self, card_id: int, limit: int, offset: int) -> list[Comment]:
        """Newest first, at most 200."""
        return shape(COMMENTS, await self._comment("GET", card_id, params={"limit": str(limit), "offset": str(offset)}), "comments")

    async def create_comment(self, card_id: int, message: str, parent_id: int) -> Comment:
        fields = {"message": message, "parentId": parent_id}
        return shape(COMMENT, await self._comment("POST", card_id, json=fields), "the comment")

    async def update_comment(self, card_id: int, comment_id: int, message: str) -> Comment:
        return shape(COMMENT, await self._comment("PUT", card_id, comment_id, json={"message": message}), "the comment")

    async def delete_comment(self, card_id: int, comment_id: int) -> None:
        await self._comment("DELETE", card_id, comment_id)

    async def upcoming(self) -> list[Card]:
        """The open cards that concern this person, of all boards."""
        data: Any = await self.session.ocs("GET", "/apps/deck/api/v1.0/overview/upcoming", what="the upcoming cards")
        return [card for group in as_list(data) for card in shape(CARDS, group, "the upcoming cards")]

    # Links and errors

    def linked(self, board_id: int, card: Card) -> Card:
        return card.model_copy(update={"url": self.card_url(board_id, card.id)})

    def board_url(self, board_id: int) -> str:
        return self.session.link(f"/apps/deck/board/{board_id}")

    def card_url(self, board_id: int, card_id: int | str) -> str:
        return f"{self.board_url(board_id)}/card/{card_id}"

    def _linked(self, board: Board) -> Board:
        return board.model_copy(update={"url": self.board_url(board.id)})

    async def _stacks(self, board_id: int, path: str, asked: bool) -> list[Stack]:
        return (await self._ask("GET", Place(board_id), f"/{path}")).parse(STACKS) if asked else []

    async def _with_assignees(self, board_id: int, stacks: list[Stack], wanted: Wanted) -> list[Stack]:
        """Deck's list of archived cards does not say who is on them: those with the right label are read one by one."""
        asked = [card for stack in stacks for card in stack.cards if wanted.labelled(card)]
        if len(asked) > ASSIGNEES_ASKED:
            raise InvalidValue(
                f"{len(asked)} archived cards are too many to filter by person.", hint="Filter by label too, or without assigned_to."
            )
        read = await asyncio.gather(*(self.card(board_id, card.stackId, card.id) for card in asked))
        people = {card.id: card.assignedUsers for card in read}
        return [
            stack.model_copy(update={"cards": [card.model_copy(update={"assignedUsers": people.get(card.id, [])}) for card in stack.cards]})
            for stack in stacks
        ]

    async def _ask(self, method: str, place: Place, path: str = "", **more: Any) -> Answer:
        """A request below the address of `place`, or at a path of its own."""
        try:
            return await self.session.request(method, path if path.startswith(APP) else place.path + path, what=place.what, **more)
        except (NotPermitted, BadAnswer) as refused:
            if method == "GET" and isinstance(refused, BadAnswer):
                raise
            raise await self._explained(refused, method, place) from None

    async def _explained(self, refused: NextcloudError, method: str, place: Place) -> NextcloudError:
        """What a refusal means, by one look at the boards: which id is wrong, or which right is missing."""
        if "Card is deleted" in refused.message:
            return NotFound(f"Card {place.card} was deleted.", hint=RESTORE)
        if isinstance(refused, NotPermitted) and "Permission denied" not in refused.message:
            return refused
        boards = {board.id: board for board in await self.detailed_boards()}
        board = boards.get(place.board)
        if board is None:
            return NotFound(f"Board {place.board} not found.", candidates=named(boards.values()))
        if board.archived and method != "GET":
            return InvalidValue(f"Board {board.title!r} is archived.", hint="Unarchive it in Nextcloud first; nothing was changed.")
        if place.stack is not None and place.stack not in {stack.id for stack in board.stacks}:
            return no_stack(board.stacks, place.stack, place.board)
        if method != "GET" and not board.permissions.get("PERMISSION_EDIT" if place.card else "PERMISSION_MANAGE", True):
            return NotPermitted(f"This account may read board {board.title!r} but not change this there.")
        return NotFound(f"{place.what} not found.") if isinstance(refused, NotPermitted) else refused

    async def _comment(self, method: str, card_id: int, comment_id: int | None = None, **more: Any) -> Any:
        tail, what = (f"/{comment_id}", f"Comment {comment_id}") if comment_id is not None else ("", f"Card {card_id}")
        try:
            return await self.session.ocs(method, f"{OCS}/{card_id}/comments{tail}", what=what, **more)
        except NotPermitted as refused:
            if "authors" in refused.message:
                raise
            raise NotFound(f"Card {card_id} not found.") from None

    async def _card_anywhere(self, card_id: int) -> None:
        """Raises NotFound where this person has no such card."""
        try:
            await self.session.request("GET", Place(0, 0, card_id).path, what=f"Card {card_id}")
        except NotPermitted:
            raise NotFound(f"Card {card_id} not found.") from None


def _form(fields: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items()}
