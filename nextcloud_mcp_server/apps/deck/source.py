"""Deck's cards for background sync: the list of boards tells which moved, and a board is read as a whole."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Any

from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.apps.deck.listing import Wanted, assignees
from nextcloud_mcp_server.apps.deck.models import Board, Card, Stack
from nextcloud_mcp_server.core.clock import utc_now
from nextcloud_mcp_server.core.documents import Document, Listing, Stamp
from nextcloud_mcp_server.core.errors import BadAnswer, NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.fresh import Fresh
from nextcloud_mcp_server.nextcloud.session import Session

SETTLED = 2
"""Seconds: the ETag of a board is its last change in whole seconds, so a younger one may hide another change."""
MIME = "text/markdown"
ALL = Wanted("all")
KEPT = 2000
USER, GROUP = 0, 1
GONE = (NotFound, NotPermitted, BadAnswer)


@dataclass
class _Cards:
    """Which cards a board had at a version, by credential and board: to tell what is still there without reading it again."""

    seen: dict[tuple[str, int], tuple[str, frozenset[str]]] = field(default_factory=dict[tuple[str, int], tuple[str, frozenset[str]]])

    def put(self, key: tuple[str, int], version: str, ids: Iterable[str]) -> None:
        self.seen.pop(key, None)
        self.seen[key] = version, frozenset(ids)
        while len(self.seen) > KEPT:
            del self.seen[next(iter(self.seen))]


@dataclass(frozen=True)
class DeckSource:
    """Ids are `<board>/<card>`. State: the list's ETag, and the ETag of each board ("" where it must be read again)."""

    session: Session
    doc_type: str = "card"
    scope: str = "deck:read"

    async def list(self, since: Mapping[str, Any] | None) -> Listing:
        """One request, and two for every board that changed: its cards, and the archived ones. A board that fails stays as it was."""
        before = since or {}
        listed = await Deck(self.session).boards_since(before.get("etag"))
        if listed is None:
            return Listing((), before, frozenset(f"{id}/" for id in before.get("boards", {})))
        known: Mapping[str, str] = before.get("boards", {})
        moved = [board for board in listed.boards if not board.ETag or known.get(str(board.id)) != board.ETag]
        read = dict(zip([board.id for board in moved], await asyncio.gather(*map(self._cards, moved)), strict=True))
        failed = {id for id, cards in read.items() if cards is None}
        boards = {str(board.id): "" if board.id in failed or _young(board, listed.date) else board.ETag or "" for board in listed.boards}
        unchanged = {f"{board.id}/" for board in listed.boards if board.id in failed or board.id not in read}
        state = {"etag": listed.etag if all(boards.values()) else None, "boards": boards}
        cards = [card for some in read.values() for card in some or ()]
        self._fresh.expect(card.id for card in cards)
        for card in cards:
            self._fresh.bring(card)
        stamps = [Stamp(card.id, card.version) for card in cards]
        # A board that was read and has no cards is no listing that came back empty.
        emptied = {f"{board.id}/" for board in moved if read[board.id] == []}
        return Listing(stamps, state, frozenset(unchanged), frozenset(emptied))

    async def fetch(self, ids: Sequence[str]) -> AsyncIterator[Document]:
        """What the listing brought; three requests for each board of the others."""
        wanted: dict[int, list[str]] = {}
        for id in ids:
            if document := self._fresh.take(id):
                yield document
            elif (board := _board_of(id)) is not None:
                wanted.setdefault(board, []).append(id)
        for board_id, missing in wanted.items():
            ahead = self._fresh.ahead(missing, len(missing))
            for card in ahead.sorted(await self._read(board_id), missing):
                yield card

    async def readable(self, ids: Sequence[str]) -> frozenset[str]:
        """One request, and two for every board of these that changed since it was last read here."""
        asked = {board for id in ids if (board := _board_of(id)) is not None}
        listed = await Deck(self.session).boards_since(None)
        boards = [board for board in listed.boards if board.id in asked] if listed else []
        there = await asyncio.gather(*(self._ids(board, listed.date if listed else None) for board in boards))
        return frozenset(ids) & frozenset(id for some in there for id in some)

    def link(self, id: str, extra: Mapping[str, Any]) -> str | None:
        board, _, card = id.partition("/")
        return self.session.link(f"/apps/deck/board/{board}/card/{card}")

    async def _cards(self, board: Board) -> Sequence[Document] | None:
        """The board's cards; None where it cannot be read."""
        try:
            return await self._documents(board)
        except GONE:
            return None

    async def _read(self, board_id: int) -> Sequence[Document]:
        """The cards of a board; none where it is gone. Raises BadAnswer, for that may pass."""
        try:
            board = await Deck(self.session).board(board_id)
            return [] if board.deletedAt else await self._documents(board)
        except (NotFound, NotPermitted):
            return []

    async def _documents(self, board: Board) -> Sequence[Document]:
        stacks = await Deck(self.session).stacks(board.id, ALL)
        return [_document(board, stack, card) for stack in stacks if not stack.deletedAt for card in stack.cards if not card.deletedAt]

    async def _ids(self, board: Board, date: str | None) -> frozenset[str]:
        """The cards that are on the board now."""
        shelf, key = self.session.cache.shelf(_Cards), (self.session.credential.key, board.id)
        version, ids = shelf.seen.get(key, ("", frozenset[str]()))
        if board.ETag and version == board.ETag:
            return ids
        try:
            ids = frozenset(card.id for card in await self._documents(board))
        except GONE:
            return frozenset()
        if board.ETag and not _young(board, date):
            shelf.put(key, board.ETag, ids)
        return ids

    @property
    def _fresh(self) -> Fresh:
        return Fresh(self.session, self.doc_type)


def _board_of(id: str) -> int | None:
    board, _, card = id.partition("/")
    return int(board) if board.isdecimal() and card.isdecimal() else None


def _young(board: Board, date: str | None) -> bool:
    """Whether a board changed so recently, by the server's clock, that its ETag may hide another change."""
    try:
        now = parsedate_to_datetime(date or "")
    except (ValueError, TypeError):
        now = utc_now()
    return (board.lastModified or 0) + SETTLED > now.timestamp()


def _document(board: Board, stack: Stack, card: Card) -> Document:
    """Its version is what it says, for a card keeps its ETag when the board, stack or a label gets another name."""
    text, readers = text_of(board, stack, card), readers_of(board)
    said = "\0".join((text, *sorted(readers), str(card.archived)))
    return Document(
        id=f"{board.id}/{card.id}",
        version=blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
        title=card.title,
        text=text,
        mime_type=MIME,
        size=len(text),
        modified=datetime.fromtimestamp(card.lastModified, UTC) if card.lastModified else None,
        tags=tuple(label.title for label in card.labels if label.title),
        readers=readers,
        owner=_owner(board) or None,
        extra={"archived": True} if card.archived else {},
    )


def text_of(board: Board, stack: Stack, card: Card) -> str:
    """Title, place, labels, people, dates and number of comments, then the description."""
    lines = [
        card.title,
        f"Board: {board.title}, list: {stack.title}",
        _labelled("Labels", (label.title for label in card.labels)),
        _labelled(
            "Assigned to", (one.participant.displayname or one.participant.uid for one in card.assignedUsers) if assignees(card) else ()
        ),
        f"Due: {card.duedate}" if card.duedate else "",
        f"Done: {card.done}" if card.done else "",
        f"Comments: {card.commentsCount}" if card.commentsCount else "",
    ]
    head = "\n".join(line for line in lines if line)
    return f"{head}\n\n{card.description.strip()}" if (card.description or "").strip() and card.description else head


def _labelled(label: str, values: Iterable[str]) -> str:
    found = ", ".join(value for value in values if value)
    return f"{label}: {found}" if found else ""


def _owner(board: Board) -> str:
    return board.owner.uid or board.owner.primaryKey


def readers_of(board: Board) -> frozenset[str]:
    """Owner, people and groups of the board; of teams Deck does not say who is in them."""
    found = {_owner(board)}
    for acl in board.acl or []:
        who: Any = acl.get("participant")
        uid = who.get("uid") or who.get("primaryKey") if isinstance(who, dict) else who  # type: ignore[reportUnknownMemberType,reportUnknownVariableType]
        if uid and acl.get("type") in (USER, GROUP):
            found.add(f"group:{uid}" if acl["type"] == GROUP else str(uid))  # type: ignore[reportUnknownArgumentType]
    return frozenset(found - {""})
