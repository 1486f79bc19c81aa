"""What Deck says of boards, stacks and cards, and what the tools answer. Times are ISO 8601, `lastModified` and the like unix seconds."""

from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter

from nextcloud_mcp_server.nextcloud.ocs import as_list, as_map


def _uid(value: Any) -> Any:
    """Deck names a person by an object in some answers and by the bare id in others."""
    return cast(dict[str, Any], value).get("uid") or cast(dict[str, Any], value).get("primaryKey") if isinstance(value, dict) else value


def _person(value: Any) -> Any:
    return {"primaryKey": value, "uid": value, "displayname": value} if isinstance(value, str) else value


def _labels(value: Any) -> Any:
    """Deck repeats a label that was put on a card twice."""
    every = as_list(value)
    return list({one.get("id"): one for one in every}.values()) if all(isinstance(one, dict) for one in every) else every


Uid = Annotated[str, BeforeValidator(_uid)]
Many = BeforeValidator(as_list)
Map = BeforeValidator(as_map)


class User(BaseModel):
    """A person, group or team; `type` 0, 1 or 7."""

    primaryKey: str = ""
    uid: str = ""
    displayname: str = ""
    type: int = 0


Participant = Annotated[User, BeforeValidator(_person)]


class Label(BaseModel):
    """A label of a board; `color` is six hex digits."""

    id: int
    title: str = ""
    color: str = ""
    boardId: int | None = None
    cardId: int | None = None
    ETag: str | None = None


class Assignment(BaseModel):
    """Somebody on a card."""

    id: int
    participant: Participant
    cardId: int = 0
    type: int = 0


class Attachment(BaseModel):
    """A file on a card. `type` file: shared into the card, the id is the share's; deck_file: kept by Deck itself."""

    id: int
    cardId: int = 0
    type: str = "file"
    data: str | None = None
    createdBy: str | None = None
    createdAt: int = 0
    lastModified: int = 0
    deletedAt: int = 0
    extendedData: Annotated[dict[str, Any], Map] = {}

    @property
    def file(self) -> tuple[str, int | None]:
        """The path and the id of a shared file."""
        path, id = self.extendedData.get("path"), self.extendedData.get("fileid")
        return (path if isinstance(path, str) else ""), (id if isinstance(id, int) else None)


class Card(BaseModel):
    """A card. What an update must send back is required here, so that an incomplete answer never empties a card."""

    id: int
    title: str
    stackId: int
    type: str
    order: int
    archived: bool
    owner: Uid
    description: str | None
    duedate: str | None
    done: str | None = None
    lastModified: int | None = None
    createdAt: int | None = None
    labels: Annotated[list[Label], BeforeValidator(_labels)] = []
    assignedUsers: Annotated[list[Assignment], Many] = []
    dependentCards: list[int] | None = None
    attachments: Annotated[list[Attachment], Many] = []
    attachmentCount: int | None = None
    deletedAt: int | None = None
    commentsUnread: int | None = None
    commentsCount: Annotated[int | None, Field(exclude=True)] = None
    overdue: int | None = None
    ETag: str | None = None
    url: str | None = None
    note: str | None = None


class Stack(BaseModel):
    """A list of cards; `cards` holds open and done ones, or archived ones, as was asked."""

    id: int
    title: str = ""
    boardId: int = 0
    order: int = 0
    deletedAt: int = 0
    lastModified: int | None = None
    cards: Annotated[list[Card], Many] = []
    ETag: str | None = None


class Board(BaseModel):
    """A board with whatever was asked for."""

    id: int
    title: str = ""
    owner: Participant = User()
    color: str = ""
    archived: bool = False
    labels: Annotated[list[Label] | None, Many] = []
    acl: Annotated[list[dict[str, Any]] | None, Many] = []
    permissions: Annotated[dict[str, bool], Map] = {}
    users: Annotated[list[User] | None, Many] = []
    stacks: Annotated[list[Stack], Many] = Field(default=[], exclude=True)
    deletedAt: int = 0
    lastModified: int | None = None
    settings: Annotated[dict[str, Any], Map] = {}
    ETag: str | None = None
    url: str | None = None


class Member(BaseModel):
    """A person, group or team that a board is shared with, and what they may do there besides reading it."""

    id: int
    participant: Participant
    type: int = 0
    permissionEdit: bool = False
    permissionShare: bool = False
    permissionManage: bool = False

    @property
    def name(self) -> str:
        return self.participant.uid or self.participant.primaryKey

    @property
    def rights(self) -> list[str]:
        more = {"edit": self.permissionEdit, "share": self.permissionShare, "manage": self.permissionManage}
        return ["read", *(name for name, granted in more.items() if granted)]


class BoardList(BaseModel):
    """A listing of boards with its ETag and the server's time (RFC 1123)."""

    boards: list[Board]
    etag: str | None
    date: str | None


class Comment(BaseModel):
    """A comment on a card."""

    id: int
    objectId: int = 0
    message: str = ""
    actorId: str = ""
    actorType: str = ""
    actorDisplayName: str = ""
    creationDateTime: str = ""
    mentions: Annotated[list[dict[str, Any]], Many] = []
    replyTo: "Comment | None" = None


class CommentSummary(BaseModel):
    """A comment in a list."""

    id: int
    actorId: str
    message: str
    creationDateTime: str


class BoardSummary(BaseModel):
    """A board in a list."""

    id: int
    title: str
    owner: User
    color: str
    archived: bool
    lastModified: int | None = None
    url: str | None = None


class BoardCreated(BaseModel):
    """A board that was just made."""

    id: int
    title: str
    color: str
    url: str | None = None


class StackCreated(BaseModel):
    """A stack that was just made."""

    id: int
    title: str
    order: int
    boardId: int


class CardCreated(BaseModel):
    """A card that was just made."""

    id: int
    title: str
    stackId: int
    ETag: str | None = None
    url: str | None = None


class LabelCreated(BaseModel):
    """A label that was just made."""

    id: int
    title: str
    color: str


class CardSummary(BaseModel):
    """A card in a list of its stack: what is empty, zero or not so is left out."""

    id: int
    title: str
    archived: bool | None = None
    duedate: str | None = None
    done: str | None = None
    labels: list[str] | None = None
    assignedUsers: list[str] | None = None
    attachmentCount: int | None = None
    commentsUnread: int | None = None
    hasDescription: bool | None = None
    descriptionPreview: str | None = None


class StackView(BaseModel):
    """A stack to read; `card_count` counts all its cards that match, `note` says when not all are shown."""

    id: int
    title: str
    boardId: int
    order: int
    deletedAt: int
    lastModified: int | None = None
    card_count: int | None = None
    cards: list[Card] | list[CardSummary] | None = None
    note: str | None = None
    ETag: str | None = None
    url: str | None = None


class StackOverview(BaseModel):
    """A stack at a glance."""

    id: int
    title: str
    order: int
    card_count: int
    cards: list[CardSummary]
    note: str | None = None


class Overview(BaseModel):
    """A board at a glance."""

    board_id: int
    title: str
    labels: list[str]
    stacks: list[StackOverview]
    total_cards: int
    url: str | None = None


class Change(BaseModel):
    """What a change came to, and the ids of what it changed.

    `labels` only after a move to another board, `permissions` after sharing. Without a status code nothing was done yet, and
    `would_delete` names the cards or stacks.
    """

    status_code: int | None = 200
    message: str
    board_id: int | None = None
    stack_id: int | None = None
    card_id: int | None = None
    label_id: int | None = None
    comment_id: int | None = None
    attachment_id: int | None = None
    labels: list[str] | None = None
    permissions: list[str] | None = None
    would_delete: list[str] | None = None
    ETag: str | None = None
    url: str | None = None


class CommentSaved(BaseModel):
    """A comment as it was written; `parts` where it had to be split."""

    comment: Comment
    parts: list[Comment] | None = None
    part_count: int = 1


class Attached(BaseModel):
    """A file that is on a card now; the id is its share's."""

    attachment_id: int
    card_id: int
    path: str


BOARD, BOARDS = TypeAdapter(Board), TypeAdapter(list[Board])
MEMBER, MEMBERS = TypeAdapter(Member), TypeAdapter(list[Member])
STACK, STACKS = TypeAdapter(Stack), TypeAdapter(list[Stack])
CARD, CARDS = TypeAdapter(Card), TypeAdapter(Annotated[list[Card], Many])
LABEL = TypeAdapter(Label)
COMMENT, COMMENTS = TypeAdapter(Comment), TypeAdapter(list[Comment])
ATTACHMENTS = TypeAdapter(Annotated[list[Attachment], Many])
