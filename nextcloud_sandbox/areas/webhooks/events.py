"""What happens in the sandbox, as Nextcloud's events tell it to webhooks."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nextcloud_sandbox.groupware.store import Collection, Item

NODE = "OCP\\Files\\Events\\Node\\"
CALENDAR = "OCP\\Calendar\\Events\\CalendarObject"
TAGS = "OCP\\SystemTag\\"
RESTORED = "OCA\\Files_Trashbin\\Events\\NodeRestoredEvent"
NODES = ("Created", "Written", "Deleted", "Renamed", "Copied", "Touched", "Read")
OBJECTS = ("Created", "Updated", "Deleted", "Moved", "MovedToTrash", "Restored")
CLASSES = frozenset(
    {f"{NODE}{before}Node{name}Event" for name in NODES for before in ("", "Before")}
    | {f"{CALENDAR}{name}Event" for name in OBJECTS}
    | {f"{TAGS}TagAssignedEvent", f"{TAGS}TagUnassignedEvent", f"{TAGS}MapperEvent", RESTORED}
)
Details = Mapping[str, Any]


def known(name: str) -> bool:
    """Whether Nextcloud 32 takes a webhook for this class."""
    return name in CLASSES


def told(event: str, user: str, details: Details) -> Iterator[tuple[str, dict[str, Any]]]:
    """The classes that Nextcloud dispatches for a change in the sandbox, with what each says."""
    maker = MAKERS.get(event)
    if maker is not None:
        yield from maker(user, details)


def node(user: str, path: str, id: int | None = None) -> dict[str, Any]:
    """A file as events name it; one that is gone has no id any more."""
    place = f"/{user}/files{path}"
    return {"path": place} if id is None else {"id": id, "path": place}


def one(*names: str) -> Callable[[str, Details], Iterator[tuple[str, dict[str, Any]]]]:
    def make(user: str, details: Details) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in names:
            yield f"{NODE}{name}", {"node": node(user, details["path"], details["node"].id)}

    return make


def deleted(user: str, details: Details) -> Iterator[tuple[str, dict[str, Any]]]:
    yield f"{NODE}BeforeNodeDeletedEvent", {"node": node(user, details["path"], details["node"].id)}
    yield f"{NODE}NodeDeletedEvent", {"node": node(user, details["path"])}


def two(name: str) -> Callable[[str, Details], Iterator[tuple[str, dict[str, Any]]]]:
    def make(user: str, details: Details) -> Iterator[tuple[str, dict[str, Any]]]:
        copied = name == f"{NODE}NodeCopiedEvent"
        source = node(user, details["source"], details["node"].id if copied else None)
        yield name, {"source": source, "target": node(user, details["path"], details["node"].id)}

    return make


def restored(user: str, details: Details) -> Iterator[tuple[str, dict[str, Any]]]:
    yield RESTORED, {"source": node(user, details["path"]), "target": node(user, details["path"], details["node"].id)}


def calendar_object(name: str) -> Callable[[str, Details], Iterator[tuple[str, dict[str, Any]]]]:
    def make(user: str, details: Details) -> Iterator[tuple[str, dict[str, Any]]]:
        calendar: Collection = details["calendar"]
        shares = [{"href": f"principal:principals/users/{other}", "readOnly": only, "status": 1} for other, only in calendar.shares.items()]
        yield (
            f"{CALENDAR}{name}Event",
            {
                "calendarId": calendar.id,
                "calendarData": calendar_data(calendar),
                "shares": shares,
                "objectData": object_data(calendar, details["item"]),
            },
        )

    return make


def calendar_data(calendar: Collection) -> dict[str, Any]:
    return {
        "id": calendar.id,
        "uri": calendar.uri,
        "principaluri": f"principals/users/{calendar.owner}",
        "{http://calendarserver.org/ns/}getctag": calendar.sync_token,
        "{http://sabredav.org/ns}sync-token": calendar.token,
        "{DAV:}displayname": calendar.props.get("{DAV:}displayname", calendar.uri),
        "{http://nextcloud.com/ns}deleted-at": calendar.deleted_at,
    }


def object_data(calendar: Collection, item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "uri": item.uri,
        "uid": item.uid,
        "lastmodified": item.modified,
        "etag": item.etag,
        "calendarid": calendar.id,
        "size": len(item.data),
        "calendardata": item.data.decode("utf-8", "replace"),
        "component": item.kind.lower(),
        "classification": 0,
        "{http://nextcloud.com/ns}deleted-at": item.deleted_at,
    }


def tagged(name: str) -> Callable[[str, Details], Iterator[tuple[str, dict[str, Any]]]]:
    def make(user: str, details: Details) -> Iterator[tuple[str, dict[str, Any]]]:
        yield f"{TAGS}{name}", {"objectType": "files", "objectIds": [str(details["file"])], "tagIds": [details["tag"]]}

    return make


MAKERS: dict[str, Callable[[str, Details], Iterator[tuple[str, dict[str, Any]]]]] = {
    "file.created": one("NodeCreatedEvent"),
    "file.written": one("NodeWrittenEvent"),
    "file.deleted": deleted,
    "file.renamed": two(f"{NODE}NodeRenamedEvent"),
    "file.copied": two(f"{NODE}NodeCopiedEvent"),
    "file.restored": restored,
    "calendar.object.created": calendar_object("Created"),
    "calendar.object.updated": calendar_object("Updated"),
    "calendar.object.trashed": calendar_object("MovedToTrash"),
    "tag.assigned": tagged("TagAssignedEvent"),
    "tag.unassigned": tagged("TagUnassignedEvent"),
}
