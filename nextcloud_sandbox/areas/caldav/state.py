"""The calendars, inboxes and trash bins of all users."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import CAL, DAV
from nextcloud_sandbox.groupware.davxml import APPLE
from nextcloud_sandbox.groupware.store import Collection, Collections, Item, View

PERSONAL = "personal"
BIRTHDAYS = "contact_birthdays"
RESERVED = {"inbox", "outbox", "trashbin", "notifications", BIRTHDAYS}
RETENTION = 30 * 86400
RANKS = {"subscription": 1, "app": 2}
"""Where the calendars that are not a person's own come in the home: after inbox, outbox and trash bin."""
TRANSPARENT = f"{CAL}schedule-calendar-transp"
ORDER = f"{APPLE}calendar-order"
COLOR = f"{APPLE}calendar-color"


@dataclass
class Calendars(Collections):
    inboxes: dict[str, dict[str, Item]] = field(default_factory=dict[str, dict[str, Item]])

    def inbox(self, user: str) -> dict[str, Item]:
        return self.inboxes.setdefault(user, {})


def calendars(sandbox: Sandbox) -> Calendars:
    """The state; what belonged to deleted accounts is dropped on the way."""
    found = sandbox.slot("caldav", Calendars)
    for user in {collection.owner for collection in found.by_id.values()} - sandbox.users.keys():
        found.forget(user)
        found.inboxes.pop(user, None)
    return found


def home(sandbox: Sandbox, user: str) -> list[View]:
    """All calendars of a user, those in the trash bin too. The first look makes the default calendar and that of birthdays."""
    found = calendars(sandbox).of(user)
    if not any(view.uri == PERSONAL and not view.shared for view in found):
        create(sandbox, user, BIRTHDAYS, {f"{DAV}displayname": "Contact birthdays", COLOR: "#E9D859"}, ["VEVENT"], "birthdays")
        create(sandbox, user, PERSONAL, {f"{DAV}displayname": "Personal", COLOR: "#00679e"}, ["VEVENT"])
        found = calendars(sandbox).of(user)
    return sorted(found, key=lambda view: (view.shared, RANKS.get(view.collection.role, 0), order(view)))


def order(view: View) -> int:
    value = view.props.get(ORDER, "0")
    return int(value) if value.isdecimal() else 0


def find(sandbox: Sandbox, user: str, uri: str) -> View | None:
    return next((view for view in home(sandbox, user) if view.uri == uri), None)


def active(sandbox: Sandbox, user: str) -> list[View]:
    """The calendars that hold objects and are not in the trash bin."""
    return [view for view in home(sandbox, user) if view.collection.deleted_at is None and view.collection.role != "subscription"]


def create(
    sandbox: Sandbox, user: str, uri: str, props: dict[str, str], components: list[str] | None = None, role: str = "calendar"
) -> Collection:
    """A new calendar. Role "app" is one that an app shows, such as a Deck board: it can only be read and has no sync token."""
    stored = props if role == "app" else {ORDER: "0", TRANSPARENT: "<cal:opaque/>", **props}
    made = Collection(sandbox.next_id(), user, uri, stored, role=role)
    if components is not None:
        made.components = components
    return calendars(sandbox).add(made)


def find_uid(sandbox: Sandbox, user: str, uid: str) -> tuple[Collection, Item] | None:
    """The object with this UID in any of the user's own calendars."""
    for view in active(sandbox, user):
        uri = view.collection.uids.get(uid)
        if uri is not None and not view.shared:
            return view.collection, view.collection.items[uri]
    return None


def trashed(sandbox: Sandbox, user: str) -> Iterator[tuple[Collection, Item]]:
    """The deleted objects of the user's own calendars."""
    for view in home(sandbox, user):
        if not view.shared:
            yield from ((view.collection, item) for item in view.collection.trash.values())


def new_name() -> str:
    return f"sabredav-{uuid4()}.ics"
