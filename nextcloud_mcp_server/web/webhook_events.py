"""What Nextcloud's webhooks say (app webhook_listeners 1.x; `getWebhookSerializable` of the event classes), as whom to look after. Pure.

A body is `{"event": {"class": ..., ...}, "user": {"uid": ...} or null, "time": epoch seconds}`. Only ids and names are taken from
it: what changed is asked of Nextcloud, as the person, so a forged or repeated delivery causes a look and nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import orjson

from nextcloud_mcp_server.core.errors import InvalidValue

NODE = "OCP\\Files\\Events\\Node\\"
CALENDAR = "OCP\\Calendar\\Events\\CalendarObject"
TAGS = "OCP\\SystemTag\\"
CARD = "OCA\\Deck\\Event\\Card"
EVENTS = (
    *(f"{NODE}{name}Event" for name in ("NodeCreated", "NodeWritten", "NodeRenamed", "NodeCopied", "BeforeNodeDeleted", "NodeDeleted")),
    "OCA\\Files_Trashbin\\Events\\NodeRestoredEvent",
    *(f"{CALENDAR}{name}Event" for name in ("Created", "Updated", "Deleted", "Moved", "MovedToTrash", "Restored")),
    f"{TAGS}TagAssignedEvent",
    f"{TAGS}TagUnassignedEvent",
    *(f"{CARD}{name}Event" for name in ("Created", "Updated", "Deleted")),
)
"""What `webhooks register` asks for. Apps of older versions have fewer: Deck offers its events from its next version on."""
NOTE = (".md", ".txt")
NOTES = "Notes/"
USERS = "principals/users/"
LONGEST = 512
Operation = Literal["index", "delete"]
Ref = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """`documents` are (type, id) as the index knows them, `people` the user ids that the event names."""

    operation: Operation
    people: frozenset[str]
    documents: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that concerns nothing that is indexed."""

    reason: str


def parse(body: bytes) -> Change | Ignored:
    """Raises InvalidValue for what is no event at all."""
    try:
        sent = _mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise InvalidValue("The body is not JSON.") from None
    event = _mapping(sent.get("event"))
    name = event.get("class")
    if not isinstance(name, str) or not name:
        raise InvalidValue("The body names no event class.")
    actor = _text(_mapping(sent.get("user")).get("uid"))
    found = _change(name, event, frozenset({actor} if actor else ()))
    if isinstance(found, Change) and not found.people:
        return Ignored("The event names nobody.")
    return found


def _change(name: str, event: Mapping[str, Any], actor: frozenset[str]) -> Change | Ignored:
    short = name.rpartition("\\")[2]
    if name.startswith((NODE, "OCA\\Files_Trashbin\\")):
        return _node(event, actor, "delete" if "Delete" in short else "index")
    if name.startswith(CALENDAR):
        return _object(event, actor, "delete" if short in ("CalendarObjectDeletedEvent", "CalendarObjectMovedToTrashEvent") else "index")
    if name.startswith(TAGS):
        return _tagged(event, actor)
    if name.startswith(CARD):
        return _card(event, actor, "delete" if "Delete" in short else "index")
    return Ignored(f"Events of class {name[:LONGEST]} concern nothing that is indexed.")


def _node(event: Mapping[str, Any], actor: frozenset[str], operation: Operation) -> Change | Ignored:
    """A file under `/<user>/files/`; a rename or copy names two. Versions, trash and previews are none of ours."""
    people, documents = set[str](), list[Ref]()
    for node in (_mapping(event.get(key)) for key in ("node", "target", "source")):
        user, _, rest = _text(node.get("path")).removeprefix("/").partition("/")
        if not user or not (rest + "/").startswith("files/"):
            continue
        people.add(user)
        if id := _id(node.get("id")):
            path = rest.removeprefix("files/")
            note = path.startswith(NOTES) and path.lower().endswith(NOTE)
            documents += [("note", id), ("file", id)] if note else [("file", id), ("note", id)]
    if not people:
        return Ignored("The file is in nobody's files.")
    return Change(operation, actor | people, tuple(documents))


def _object(event: Mapping[str, Any], actor: frozenset[str], operation: Operation) -> Change:
    """An event or task: the calendar's owner and everybody it is shared with look; a move names two calendars."""
    item = _mapping(event.get("objectData"))
    kind = "task" if _text(item.get("component")).lower() == "vtodo" else "event"
    people, documents = set(actor), list[Ref]()
    for prefix, shared in (("calendarData", "shares"), ("targetCalendarData", "targetShares"), ("sourceCalendarData", "sourceShares")):
        calendar = _mapping(event.get(prefix))
        owner = _principal(calendar.get("principaluri"))
        people |= {owner, *_sharees(event.get(shared))} - {""}
        if owner and _text(calendar.get("uri")) and _text(item.get("uri")):
            documents.append((kind, f"{owner}/{calendar['uri']}/{item['uri']}"))
    return Change(operation, frozenset(people), tuple(documents))


def _tagged(event: Mapping[str, Any], actor: frozenset[str]) -> Change | Ignored:
    """TagAssignedEvent and TagUnassignedEvent carry `objectIds`, MapperEvent one `objectId`."""
    if event.get("objectType") != "files":
        return Ignored("The tag is not on a file.")
    ids = [id for id in map(_id, [*_list(event.get("objectIds")), event.get("objectId")]) if id]
    return Change("index", actor, tuple((kind, id) for id in ids for kind in ("file", "note")))


def _card(event: Mapping[str, Any], actor: frozenset[str], operation: Operation) -> Change:
    """The board is told by newer versions only; the person's own scan finds it."""
    card = _mapping(event.get("card"))
    owner = card.get("owner")
    named = _text(_mapping(owner).get("uid")) or _text(owner)
    board, id = _id(event.get("boardId")) or _id(card.get("boardId")), _id(card.get("id"))
    people = actor | {named} if named else actor
    return Change(operation, frozenset(people), (("card", f"{board}/{id}"),) if board and id else ())


def _sharees(shares: Any) -> Iterator[str]:
    for share in _list(shares):
        yield _principal(_text(_mapping(share).get("href")).removeprefix("principal:"))


def _principal(value: Any) -> str:
    """The user id of a principal; "" for groups and whatever else."""
    text = _text(value)
    return text.removeprefix(USERS) if text.startswith(USERS) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def _list(value: Any) -> Sequence[Any]:
    return cast(Sequence[Any], value) if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 4 * LONGEST else ""


def _id(value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)
    return text if text.isdecimal() and len(text) <= 20 else ""
