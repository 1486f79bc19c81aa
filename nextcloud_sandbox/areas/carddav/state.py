"""The address books of all users, and the two that the server makes itself."""

import base64
import struct
import zlib

from nextcloud_sandbox.areas.carddav.vcard import simple_card
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import CARD, DAV
from nextcloud_sandbox.groupware import recent
from nextcloud_sandbox.groupware.store import Collection, Collections, Item, View, etag
from nextcloud_sandbox.groupware.vobject import Line

CONTACTS = "contacts"
SYSTEM = "z-server-generated--system"
RECENT = "z-app-generated--contactsinteraction--recent"
DESCRIPTION = f"{CARD}addressbook-description"


class Books(Collections):
    """A type of its own for the saved state."""


def books(sandbox: Sandbox) -> Books:
    found = sandbox.slot("carddav", Books)
    for user in {collection.owner for collection in found.by_id.values()} - sandbox.users.keys():
        found.forget(user)
    return found


def home(sandbox: Sandbox, user: str) -> list[View]:
    """The address books that people made. The first look makes the default one."""
    found = books(sandbox).of(user)
    if not any(view.uri == CONTACTS and not view.shared for view in found):
        create(sandbox, user, CONTACTS, {f"{DAV}displayname": "Contacts"})
        found = books(sandbox).of(user)
    return found


def create(sandbox: Sandbox, user: str, uri: str, props: dict[str, str]) -> Collection:
    return books(sandbox).add(Collection(sandbox.next_id(), user, uri, props, [], "addressbook"))


def find(call: Call, user: str, uri: str) -> View | None:
    if uri == SYSTEM:
        return View(system_book(call), user, SYSTEM)
    if uri == RECENT:
        return View(recent_book(call.sandbox, user), user, RECENT)
    return next((view for view in home(call.sandbox, user) if view.uri == uri), None)


def system_book(call: Call) -> Collection:
    """All accounts, brought up to date when it is looked at."""
    sandbox = call.sandbox
    props = {f"{DAV}displayname": "Accounts", DESCRIPTION: "System address book which holds all accounts"}
    book = sandbox.slot("carddav.system", lambda: Collection(sandbox.next_id(), "system", "system", props, [], "system"))
    wanted = {f"Database:{user.id}.vcf": user for user in sandbox.users.values() if user.enabled}
    for uri in [uri for uri in book.items if uri not in wanted]:
        book.remove(uri)
    for uri, user in wanted.items():
        federated = ("X-NC-SCOPE", "v2-federated")
        card = simple_card(user.id, user.display_name)
        for line in card.lines[-2:]:
            line.params.append(federated)
        if user.email:
            card.lines.append(Line("EMAIL", user.email, [("TYPE", "OTHER"), federated]))
        card.lines.append(Line("PHOTO", avatar(user.id), [("ENCODING", "b"), ("TYPE", "image/png"), ("0", "v2-federated")]))
        profile = [("TYPE", "NEXTCLOUD"), ("X-NC-SCOPE", "v2-published")]
        card.lines += [Line("X-SOCIALPROFILE", f"{call.base_url()}/u/{user.id}", profile), Line("CLOUD", f"{user.id}@{call.base_url()}")]
        data = str(card).encode()
        known = book.items.get(uri)
        if known is None or known.data != data:
            book.put(Item(known.id if known else sandbox.next_id(), uri, data, int(sandbox.now()), user.id, "VCARD"))
    return book


def recent_book(sandbox: Sandbox, user: str) -> Collection:
    """Whom the user was in touch with. It has no sync token, and its ETags follow the time of the last contact."""
    contacts = recent.book(sandbox, user).values()
    last = max((contact.seen for contact in contacts), default=0)
    book = Collection(0, user, RECENT, {f"{DAV}displayname": "Recently contacted"}, [], "recent", token=last)
    for contact in contacts:
        name = sandbox.users[contact.user].display_name if contact.user in sandbox.users else contact.email
        lines = [Line("EMAIL", contact.email), Line("CATEGORIES", "Recently contacted")]
        data = str(simple_card(f"recent-{contact.id}", name, *lines)).encode()
        tag = etag(str(contact.seen).encode())
        book.items[str(contact.id)] = Item(contact.id, str(contact.id), data, contact.seen, f"recent-{contact.id}", "VCARD", tag)
    return book


def avatar(name: str) -> str:
    """A small PNG of one colour, in base64."""
    red, green, blue = (zlib.crc32(f"{channel}{name}".encode()) & 0xFF for channel in "rgb")
    side = 16
    rows = b"".join(b"\x00" + bytes((red, green, blue)) * side for _ in range(side))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    packed = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks]
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(packed)).decode()
