"""Which resource a path below /remote.php/dav/calendars names, and whether the caller may see it."""

from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote

from nextcloud_sandbox.areas.caldav import state
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.groupware.davxml import access_denied
from nextcloud_sandbox.groupware.store import Collection, Item, View

BASE = "/remote.php/dav/calendars/"


class Kind(Enum):
    HOME = "home"
    CALENDAR = "calendar"
    OBJECT = "object"
    INBOX = "inbox"
    MESSAGE = "message"
    OUTBOX = "outbox"
    TRASH = "trash"
    TRASH_OBJECTS = "objects"
    TRASH_OBJECT = "trashed object"
    RESTORE = "restore"
    NEW = "new"


@dataclass(frozen=True)
class Target:
    """`parts` are the decoded segments after /calendars/. NEW is a name in the home that nothing has yet; an OBJECT may lack its item."""

    kind: Kind
    parts: tuple[str, ...]
    view: View | None = None
    item: Item | None = None
    owner: Collection | None = None

    @property
    def name(self) -> str:
        return self.parts[-1]

    def calendar(self) -> View:
        if self.view is None:
            raise DavError(404, f"Node with name '{self.name}' could not be found")
        return self.view

    def found(self) -> Item:
        if self.item is None:
            raise DavError(404, "Calendar object not found" if self.kind is Kind.OBJECT else "")
        return self.item


def segments(raw_path: str) -> tuple[str, ...]:
    return tuple(unquote(part) for part in raw_path.removeprefix(BASE).split("/") if part)


def locate(call: Call, raw_path: str | None = None) -> Target:
    """The target of the request, or of another path such as a Destination. Raises DavError 404."""
    parts = segments(raw_path if raw_path is not None else call.path)
    if not parts or parts[0] not in call.sandbox.users:
        raise DavError(404, f"Principal with name {parts[0] if parts else ''} not found")
    target = resolve(call, parts)
    if parts[0] != call.uid:
        kind = "Calendar" if target.view and target.item is None else "Node"
        raise access_denied(target.view.uri if target.view and target.item is None else target.name, kind)
    return target


def resolve(call: Call, parts: tuple[str, ...]) -> Target:
    if len(parts) < 2:
        return Target(Kind.HOME, parts)
    special = {"inbox": in_inbox, "outbox": in_outbox, "trashbin": in_trash}.get(parts[1])
    if special:
        return special(call, parts)
    view = state.find(call.sandbox, parts[0], parts[1])
    if len(parts) < 3:
        return Target(Kind.CALENDAR if view else Kind.NEW, parts, view)
    if view is None or len(parts) > 3:
        raise DavError(404, f"Node with name '{parts[1]}' could not be found" if view is None else "Calendar object not found")
    return Target(Kind.OBJECT, parts, view, visible(view, parts[2]))


def visible(view: View, uri: str) -> Item | None:
    """Private events of others do not exist in a shared calendar."""
    item = view.collection.items.get(uri)
    return None if item and view.shared and is_private(item) else item


def is_private(item: Item) -> bool:
    return any(part.value("CLASS").upper() == "PRIVATE" for part in item.component.main())


def in_inbox(call: Call, parts: tuple[str, ...]) -> Target:
    if len(parts) < 3:
        return Target(Kind.INBOX, parts)
    return Target(Kind.MESSAGE, parts, item=state.calendars(call.sandbox).inbox(parts[0]).get(parts[2]))


def in_outbox(_: Call, parts: tuple[str, ...]) -> Target:
    if len(parts) > 2:
        raise DavError(404, f"File not found: {parts[2]} in outbox")
    return Target(Kind.OUTBOX, parts)


def in_trash(call: Call, parts: tuple[str, ...]) -> Target:
    if len(parts) == 2:
        return Target(Kind.TRASH, parts)
    if parts[2] == "restore":
        return Target(Kind.RESTORE, parts)
    if parts[2] != "objects":
        raise DavError(404)
    if len(parts) == 3:
        return Target(Kind.TRASH_OBJECTS, parts)
    for collection, item in state.trashed(call.sandbox, parts[0]):
        if parts[3] == f"{item.id}.ics":
            return Target(Kind.TRASH_OBJECT, parts, item=item, owner=collection)
    raise DavError(404)
