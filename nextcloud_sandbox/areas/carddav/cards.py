"""Writing cards. A contact has no trash bin; its birthday appears in a calendar."""

from nextcloud_sandbox.areas.caldav import birthdays
from nextcloud_sandbox.areas.carddav.vcard import check
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.groupware.members import Put
from nextcloud_sandbox.groupware.store import Collection, Item, View


def put(sandbox: Sandbox, view: View, uri: str, body: bytes) -> Put:
    """Store a card. Raises DavError as the server answers."""
    collection = view.collection
    checked = check(body)
    if collection.uids.get(checked.uid, uri) != uri:
        raise DavError(400, "VCard object with uid already exists in this addressbook collection.")
    data = str(checked.component).encode() if checked.warning else body
    old = collection.items.get(uri)
    item = Item(old.id if old else sandbox.next_id(), uri, data, int(sandbox.now()), checked.uid, "VCARD")
    collection.put(item)
    follow(sandbox, collection, uri, "updated" if old else "created")
    return Put(item, old is None, data == body, checked.warning)


def follow(sandbox: Sandbox, collection: Collection, uri: str, event: str) -> None:
    item = collection.items.get(uri)
    birthdays.update(sandbox, collection.owner, f"{collection.uri}-{uri}", item.component if item else None)
    sandbox.emit(f"card.{event}", collection.owner, book=collection, uri=uri)


def delete(sandbox: Sandbox, view: View, uri: str) -> None:
    view.collection.remove(uri)
    follow(sandbox, view.collection, uri, "deleted")


def move(sandbox: Sandbox, source: View, uri: str, target: View, target_uri: str, *, keep: bool = False) -> bool:
    """Move or copy a card as it is; whether it replaced one."""
    item = source.collection.items[uri]
    replaced = target_uri in target.collection.items and (target.collection.id, target_uri) != (source.collection.id, uri)
    if replaced:
        delete(sandbox, target, target_uri)
    if not keep:
        delete(sandbox, source, uri)
    if item.uid in target.collection.uids:
        raise DavError(400, "VCard object with uid already exists in this addressbook collection.")
    moved_id = sandbox.next_id() if keep else item.id
    target.collection.put(Item(moved_id, target_uri, item.data, int(sandbox.now()), item.uid, item.kind))
    follow(sandbox, target.collection, target_uri, "created")
    return replaced
