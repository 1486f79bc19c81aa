"""Writing calendar objects: put, delete to the trash bin, restore, move."""

from collections.abc import Callable

from nextcloud_sandbox.areas.caldav import scheduling, state
from nextcloud_sandbox.areas.caldav.validation import check
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.groupware.members import Put
from nextcloud_sandbox.groupware.store import Collection, Item, View

UNIQUE = (
    "An exception occurred while executing a query: SQLSTATE[23505]: Unique violation: 7 ERROR:  duplicate key value violates unique "
    'constraint "calobjects_by_uid_index"\nDETAIL:  Key (calendarid, calendartype, uid)=({id}, 0, {uid}) already exists.'
)


def put(sandbox: Sandbox, view: View, uri: str, body: bytes, *, schedule: bool = True) -> Put:
    """Store `body` under `uri`. Raises DavError as the server answers."""
    collection = view.collection
    old = collection.items.get(uri)
    checked = check(body, collection.components, sandbox.now())
    refuse_known_uid(collection, uri, checked.uid)
    data = str(checked.component).encode() if checked.warning else body
    if schedule:
        before = str(checked.component)
        scheduling.changed(sandbox, collection.owner, old.component if old else None, checked.component)
        after = str(checked.component)
        data = after.encode() if after != before else data
    item = Item(old.id if old else sandbox.next_id(), uri, data, int(sandbox.now()), checked.uid, checked.kind)
    collection.put(item)
    sandbox.emit("calendar.object.updated" if old else "calendar.object.created", collection.owner, calendar=collection, item=item)
    return Put(item, old is None, data == body, checked.warning)


def refuse_known_uid(collection: Collection, uri: str, uid: str) -> None:
    if collection.uids.get(uid, uri) != uri:
        raise DavError(400, "Calendar object with uid already exists in this calendar collection.")
    if any(item.uid == uid for item in collection.trash.values()):
        raise duplicate(collection, uid)


def duplicate(collection: Collection, uid: str) -> DavError:
    message = UNIQUE.replace("{id}", str(collection.id)).replace("{uid}", uid)
    return DavError(500, message, "OC\\DB\\Exceptions\\DbalException")


def delete(sandbox: Sandbox, view: View, uri: str, *, schedule: bool = True) -> None:
    """Move an object to the trash bin. The no-trash-bin header of Nextcloud changes nothing here."""
    collection = view.collection
    item = collection.items[uri]
    if schedule:
        scheduling.deleted(sandbox, collection.owner, item.component)
    collection.remove(uri)
    item.deleted_at = int(sandbox.now())
    collection.trash[item.id] = item
    sandbox.emit("calendar.object.trashed", collection.owner, calendar=collection, item=item)


def restore(sandbox: Sandbox, collection: Collection, item: Item) -> None:
    """Put an object back where it was; it comes back with the extension .ics, as in Nextcloud."""
    uri = item.uri.removesuffix(".ics") + ".ics"
    if uri in collection.items:
        raise DavError(403, f"Can not restore calendar {item.id} because a calendar object with the URI {uri} already exists")
    del collection.trash[item.id]
    item.uri, item.deleted_at = uri, None
    collection.put(item)


def purge(collection: Collection, item: Item) -> None:
    del collection.trash[item.id]


def transfer(sandbox: Sandbox, source: View, uri: str, target: View, target_uri: str, *, keep: bool = False) -> bool:
    """Move or copy an object as it is; whether it replaced one. Moving calls nobody's attention."""
    item = source.collection.items[uri]
    replaced = target_uri in target.collection.items and (target.collection.id, target_uri) != (source.collection.id, uri)
    if item.kind not in target.collection.components:
        check(item.data, target.collection.components, sandbox.now())
    if replaced:
        delete(sandbox, target, target_uri)
    clash: Callable[[], bool] = lambda: any(found.uid == item.uid for found in target.collection.trash.values())  # noqa: E731
    if target.collection is not source.collection and (item.uid in target.collection.uids or clash()):
        raise duplicate(target.collection, item.uid)
    if keep and target.collection is source.collection:
        raise DavError(400, "Calendar object with uid already exists in this calendar collection.")
    if not keep:
        source.collection.remove(uri)
    moved_id = sandbox.next_id() if keep else item.id
    target.collection.put(Item(moved_id, target_uri, item.data, int(sandbox.now()), item.uid, item.kind))
    return replaced


def trash_calendar(sandbox: Sandbox, view: View, *, force: bool) -> None:
    """Delete a calendar: a share is given up, an own one goes to the trash bin, a forced or second-rank one is gone."""
    collection = view.collection
    if view.shared:
        collection.shares.pop(view.user, None)
        collection.views.pop(view.user, None)
    elif force or collection.role != "calendar":
        state.calendars(sandbox).by_id.pop(collection.id)
    elif collection.deleted_at is None:
        collection.deleted_at = int(sandbox.now())
