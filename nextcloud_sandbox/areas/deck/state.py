"""Boards, stacks, cards and what hangs on them; who may do what. Times are unix seconds, due and done dates ISO 8601 in UTC."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nextcloud_sandbox.core import Sandbox

READ, EDIT, MANAGE, SHARE = "READ", "EDIT", "MANAGE", "SHARE"
USER, GROUP = 0, 1
DEFAULT_LABELS = (("Finished", "31CC7C"), ("To review", "317CCC"), ("Action needed", "FF7A66"), ("Later", "F1DB50"))


class Problem(Exception):
    """A refusal as Deck words it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Denied(Problem):
    """What Deck says of everything that is missing or hidden."""

    def __init__(self, message: str = "Permission denied") -> None:
        super().__init__(403, message)


@dataclass
class Board:
    id: int
    title: str
    owner: str
    color: str
    archived: bool = False
    deleted: int = 0
    modified: int = 0


@dataclass
class Stack:
    id: int
    board: int
    title: str
    order: int
    deleted: int = 0
    modified: int = 0


@dataclass
class Label:
    """`modified` is None in the answer that tells of the new label."""

    id: int
    board: int
    title: str
    color: str
    modified: int | None = None


@dataclass
class Acl:
    """What a user (`type` 0) or a group (1) may do on a board besides reading it."""

    id: int
    board: int
    participant: str
    type: int = USER
    edit: bool = False
    share: bool = False
    manage: bool = False

    def allows(self, right: str) -> bool:
        return {READ: True, EDIT: self.edit, SHARE: self.share, MANAGE: self.manage}[right]


@dataclass
class Assigned:
    id: int
    participant: str
    type: int = USER


@dataclass
class Attachment:
    """A file of `owner` that is shared into a card; `id` is the share's."""

    id: int
    file: int
    owner: str
    created: int


@dataclass
class Comment:
    id: int
    card: int
    actor: str
    message: str
    created: int
    parent: int = 0


@dataclass
class Card:
    id: int
    stack: int
    title: str
    owner: str
    type: str = "plain"
    order: int = 999
    description: str = ""
    previous: str | None = None
    editor: str | None = None
    duedate: str | None = None
    done: str | None = None
    archived: bool = False
    created: int = 0
    modified: int = 0
    deleted: int = 0
    labels: list[int] = field(default_factory=list[int])
    assigned: list[Assigned] = field(default_factory=list[Assigned])
    attachments: list[Attachment] = field(default_factory=list[Attachment])


@dataclass
class Store:
    boards: dict[int, Board] = field(default_factory=dict[int, Board])
    stacks: dict[int, Stack] = field(default_factory=dict[int, Stack])
    labels: dict[int, Label] = field(default_factory=dict[int, Label])
    acls: dict[int, Acl] = field(default_factory=dict[int, Acl])
    cards: dict[int, Card] = field(default_factory=dict[int, Card])
    comments: dict[int, Comment] = field(default_factory=dict[int, Comment])


class Decks:
    """Everything of Deck in one sandbox. Methods that begin with a verb change it; they check no permission."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.store = sandbox.slot("deck", Store)

    @property
    def now(self) -> int:
        return int(self.sandbox.now())

    # Permissions

    def may(self, user: str, board: Board, right: str) -> bool:
        """The owner may all; a user's own share decides before the shares of groups."""
        if board.owner == user:
            return True
        acls = self.acls_of(board.id)
        for acl in acls:
            if acl.type == USER and acl.participant == user:
                return acl.allows(right)
        groups = self.sandbox.groups_of(user)
        return any(acl.type == GROUP and acl.participant in groups and acl.allows(right) for acl in acls)

    def members(self, board: Board) -> list[str]:
        found = [board.owner]
        for acl in self.acls_of(board.id):
            found += [acl.participant] if acl.type == USER else self.sandbox.groups.get(acl.participant, [])
        return [user for user in dict.fromkeys(found) if user in self.sandbox.users]

    def board(self, board_id: int | None, user: str, right: str = READ) -> Board:
        """The board, if it exists and the user may; a deleted one is nobody's."""
        board = self.store.boards.get(board_id or 0)
        if board is None or board.deleted or not self.may(user, board, right):
            raise Denied
        return board

    def stack(self, stack_id: int, user: str, right: str = READ) -> Stack:
        stack = self.store.stacks.get(stack_id)
        self.board(stack.board if stack else None, user, right)
        return self.store.stacks[stack_id]

    def label(self, label_id: int, user: str, right: str = READ) -> Label:
        label = self.store.labels.get(label_id)
        self.board(label.board if label else None, user, right)
        return self.store.labels[label_id]

    def card(self, card_id: int, user: str, right: str = READ, *, deleted: bool = False) -> Card:
        """The card wherever it is; a deleted one only where `deleted` allows it."""
        card = self.store.cards.get(card_id)
        self.board(self.board_of(card).id if card else None, user, right)
        found = self.store.cards[card_id]
        if found.deleted and not deleted:
            raise Denied("Card is deleted")
        return found

    def writable(self, board: Board) -> None:
        if board.archived:
            raise Problem(500, "Operation not allowed. This board is archived.")

    # Looking

    def board_of(self, card: Card) -> Board:
        return self.store.boards[self.store.stacks[card.stack].board]

    def boards_of(self, user: str) -> Iterator[tuple[Board, int]]:
        """The user's boards and how they come by them: 0 own, 1 shared with them, 2 with a group. Deleted ones are among them."""
        groups = self.sandbox.groups_of(user)
        for board in self.store.boards.values():
            acls = [(acl.type, acl.participant) for acl in self.acls_of(board.id)]
            if board.owner == user:
                yield board, 0
            elif board.deleted:
                continue
            elif (USER, user) in acls:
                yield board, 1
            elif any((GROUP, group) in acls for group in groups):
                yield board, 2

    def acls_of(self, board_id: int) -> list[Acl]:
        return [acl for acl in self.store.acls.values() if acl.board == board_id]

    def labels_of(self, board_id: int) -> list[Label]:
        return [label for label in self.store.labels.values() if label.board == board_id]

    def stacks_of(self, board_id: int) -> list[Stack]:
        return [stack for stack in self.store.stacks.values() if stack.board == board_id and not stack.deleted]

    def cards_of(self, stack_ids: Iterable[int], *, archived: bool = False) -> dict[int, list[Card]]:
        """The cards of each stack: by position, the archived ones by the time of their last change."""
        found: dict[int, list[Card]] = {stack_id: [] for stack_id in stack_ids}
        for card in self.store.cards.values():
            if card.stack in found and card.archived == archived and not card.deleted:
                found[card.stack].append(card)
        for cards in found.values():
            cards.sort(key=lambda card: (card.modified,) if archived else (card.order, card.id))
        return found

    def comments_of(self, card_id: int) -> list[Comment]:
        """Newest first."""
        return [comment for comment in reversed(self.store.comments.values()) if comment.card == card_id]

    # Changing

    def add_board(self, title: str, owner: str, color: str) -> Board:
        board = Board(self.sandbox.next_id(), title, owner, color)
        self.store.boards[board.id] = board
        for name, shade in DEFAULT_LABELS:
            self.add_label(board.id, name, shade)
        return board

    def add_label(self, board_id: int, title: str, color: str) -> Label:
        label = Label(self.sandbox.next_id(), board_id, title, color)
        self.store.labels[label.id] = label
        return label

    def add_stack(self, board_id: int, title: str, order: int) -> Stack:
        stack = Stack(self.sandbox.next_id(), board_id, title, order)
        self.store.stacks[stack.id] = stack
        self.board_changed(board_id)
        return stack

    def add_acl(self, board_id: int, participant: str, *, type: int = USER, rights: Iterable[str] = ()) -> Acl:
        """Shares a board; everybody it is shared with may read it."""
        wanted = frozenset(rights)
        acl = Acl(self.sandbox.next_id(), board_id, participant, type, EDIT in wanted, SHARE in wanted, MANAGE in wanted)
        self.store.acls[acl.id] = acl
        self.board_changed(board_id)
        return acl

    def add_card(
        self, stack_id: int, title: str, owner: str, *, order: int = 999, description: str = "", duedate: str | None = None
    ) -> Card:
        now = self.now
        card = Card(self.sandbox.next_id(), stack_id, title, owner, order=order, created=now, modified=now)
        card.description, card.duedate = description, duedate
        self.store.cards[card.id] = card
        self.place_changed(card)
        return card

    def add_comment(self, card: Card, actor: str, message: str, parent: int = 0) -> Comment:
        comment = Comment(self.sandbox.next_id(), card.id, actor, message, self.now, parent)
        self.store.comments[comment.id] = comment
        self.card_changed(card, actor)
        return comment

    def assign(self, card: Card, participant: str, user: str, type: int = USER) -> Assigned:
        assigned = Assigned(self.sandbox.next_id(), participant, type)
        card.assigned.append(assigned)
        self.card_changed(card, user)
        return assigned

    def take_off_cards(self, board: Board, user: str) -> None:
        for card in self.store.cards.values():
            if self.board_of(card) is board:
                card.assigned = [one for one in card.assigned if (one.participant, one.type) != (user, USER)]
        self.board_changed(board.id)

    def card_changed(self, card: Card, user: str) -> None:
        card.modified, card.editor = self.now, user
        self.place_changed(card)

    def place_changed(self, card: Card) -> None:
        stack = self.store.stacks[card.stack]
        stack.modified = self.now
        self.board_changed(stack.board)

    def board_changed(self, board_id: int) -> None:
        self.store.boards[board_id].modified = self.now
        self.sandbox.touch()
