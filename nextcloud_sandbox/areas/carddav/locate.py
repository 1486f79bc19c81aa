"""Which resource a path below /remote.php/dav/addressbooks/users names, and whether the caller may see it."""

from dataclasses import dataclass
from urllib.parse import unquote

from nextcloud_sandbox.areas.carddav import state
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.groupware.davxml import access_denied
from nextcloud_sandbox.groupware.store import Item, View

BASE = "/remote.php/dav/addressbooks/users/"


@dataclass(frozen=True)
class Target:
    """`parts`: user, address book, card, as far as the path goes. A missing book or card is None."""

    parts: tuple[str, ...]
    view: View | None = None
    item: Item | None = None

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def depth(self) -> int:
        return len(self.parts)

    def book(self) -> View:
        if self.view is None:
            raise DavError(404, f"Addressbook with name '{self.parts[1] if self.depth > 1 else ''}' could not be found")
        return self.view

    def found(self) -> Item:
        self.book()
        if self.item is None:
            raise DavError(404, "Card not found")
        return self.item


def locate(call: Call, raw_path: str | None = None) -> Target:
    """The target of a path. Raises DavError 404, also for what belongs to others."""
    raw = raw_path if raw_path is not None else call.path
    parts = tuple(unquote(part) for part in raw.removeprefix(BASE).split("/") if part)
    if len(parts) == 0 or parts[0] not in call.sandbox.users or len(parts) > 3:
        raise DavError(404, f"Principal with name {'/'.join(parts[:1])} not found")
    view = state.find(call, parts[0], parts[1]) if len(parts) > 1 else None
    item = view.collection.items.get(parts[2]) if view and len(parts) > 2 else None
    if parts[0] != call.uid:
        book = view is not None and item is None
        raise access_denied(view.uri if view and book else parts[-1], "Addressbook" if book else "Node")
    return Target(parts, view, item)
