"""The OCS Share API."""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.areas.sharing.records import may_delete, record
from nextcloud_sandbox.areas.sharing.state import GROUP, KINDS, LINK, USER, Share, Shares
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.params import Params
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.nodes import ALL, CREATE, DELETE, READ, SHARE, UPDATE
from nextcloud_sandbox.tree.user import Entry

routes = Routes("files_sharing")
API = "/apps/files_sharing/api/v1/shares"
WRONG_PATH = "Wrong path, file/folder does not exist"
WRONG_ID = "Wrong share ID, share does not exist"
CHANGEABLE = ("permissions", "password", "expireDate", "note", "label", "hideDownload", "publicUpload", "sendPasswordByTalk", "attributes")


@routes.ocs("GET", API)
async def listing(call: Call) -> web.StreamResponse:
    values = await call.params()
    shares = Shares(call.sandbox)
    entry = place(call, values.text("path")) if "path" in values else None
    if values.flag("shared_with_me"):
        found = [share for share in shares.all() if call.uid in shares.audience(share)]
        return ocs.ok(call, shown(call, [share for share in found if entry is None or share.node == entry.node.id]))
    mine = [share for share in shares.all() if call.uid == share.sharer or (values.flag("reshares") and call.uid == share.owner)]
    if entry is None:
        return ocs.ok(call, shown(call, mine))
    if not values.flag("subfiles"):
        return ocs.ok(call, shown(call, [share for share in mine if share.node == entry.node.id]))
    if not entry.node.is_folder:
        return ocs.fail(call, 400, "Not a directory")
    inside = {child.node.id for child in call.sandbox.files(call.uid).children(entry.path)}
    return ocs.ok(call, shown(call, [share for share in mine if share.node in inside]))


@routes.ocs("GET", API + "/pending")
async def pending(call: Call) -> web.StreamResponse:
    """Every share is accepted by itself here, as it is in Nextcloud by default."""
    return ocs.ok(call, [])


@routes.ocs("POST", API)
async def create(call: Call) -> web.StreamResponse:
    values = await call.params()
    if values.get("path") is None:
        return ocs.fail(call, 404, "Please specify a file or folder path")
    entry = place(call, values.text("path"))
    kind = values.integer("shareType", -1)
    if kind not in KINDS:
        return ocs.fail(call, 400, "Unknown share type")
    permissions = wanted_permissions(call, values, kind, entry)
    day = expiry(call, values)
    recipient = known_recipient(call, values, kind)
    check(call, entry, kind, recipient, permissions)
    shares = Shares(call.sandbox)
    for share in shares.all():
        if kind != LINK and (share.kind, share.node, share.recipient) == (kind, entry.node.id, recipient):
            return ocs.ok(call, record(call, share))
    made = shares.add(entry, call.uid, kind, recipient, permissions)
    made.expiration, made.note = day, values.text("note")
    if kind == LINK:
        made.password, made.label = values.text("password") or None, values.text("label")
    tell(call, "share.shared", made)
    return ocs.ok(call, record(call, made, mailed=True))


@routes.ocs("GET", API + "/{id}")
async def get(call: Call) -> web.StreamResponse:
    return ocs.ok(call, shown(call, [accessible(call)]))


@routes.ocs("PUT", API + "/{id}")
async def update(call: Call) -> web.StreamResponse:
    share, values = accessible(call, groups=False), await call.params()
    if call.uid not in (share.owner, share.sharer):
        return ocs.fail(call, 403, "You are not allowed to edit incoming shares")
    if not any(values.get(name) is not None for name in CHANGEABLE):
        return ocs.fail(call, 400, "Wrong or no update parameter given")
    day = expiry(call, values)
    permissions = changed_permissions(call, values, share)
    if permissions is not None:
        Shares(call.sandbox).permit(share, permissions)
    if "expireDate" in values:
        share.expiration = day
    share.note = values.text("note", share.note)
    if share.kind == LINK:
        share.label = values.text("label", share.label)
        share.password = (values.text("password") or None) if values.get("password") is not None else share.password
        share.hide_download = values.flag("hideDownload", share.hide_download)
    return ocs.ok(call, record(call, share))


@routes.ocs("DELETE", API + "/{id}")
async def delete(call: Call) -> web.StreamResponse:
    share, shares = accessible(call), Shares(call.sandbox)
    if share.kind == GROUP and call.uid in shares.audience(share):
        shares.leave(share, call.uid)
    elif may_delete(share, call.uid):
        if call.uid != share.recipient:
            tell(call, "share.unshared", share)
        shares.remove(share)
    else:
        return ocs.fail(call, 403, "Could not delete share")
    return ocs.ok(call, [])


def tell(call: Call, event: str, share: Share) -> None:
    entry = Shares(call.sandbox).entry_for(share, call.uid)
    if entry is not None and share.kind in (USER, LINK):
        more = {"path": entry.path, "target": share.target, "recipient": share.recipient}
        call.sandbox.emit(event, call.uid, file=share.node, **more)


def shown(call: Call, shares: list[Share]) -> list[dict[str, Any]]:
    return [one for share in shares if (one := record(call, share)) is not None]


def place(call: Call, path: str) -> Entry:
    found = call.sandbox.files(call.uid).find(path)
    if found is None:
        raise ocs.refuse(call, 404, WRONG_PATH)
    return found


def accessible(call: Call, *, groups: bool = True) -> Share:
    """A share between others does not exist for the caller, unless they may share the file on."""
    shares = Shares(call.sandbox)
    share = shares.get(call.args["id"])
    if share is None:
        raise ocs.refuse(call, 404, WRONG_ID)
    entry = shares.entry_for(share, call.uid)
    concerned = call.uid in (share.owner, share.sharer, share.recipient) or (groups and call.uid in shares.audience(share))
    if entry is None or not (concerned or entry.permissions & SHARE):
        raise ocs.refuse(call, 404, WRONG_ID)
    return share


def known_recipient(call: Call, values: Params, kind: int) -> str | None:
    wanted = values.text("shareWith")
    if kind == USER and wanted not in call.sandbox.users:
        raise ocs.refuse(call, 404, "Please specify a valid account to share with")
    if kind == GROUP and wanted not in call.sandbox.groups:
        raise ocs.refuse(call, 404, "Please specify a valid group")
    return wanted if kind != LINK else None


def wanted_permissions(call: Call, values: Params, kind: int, entry: Entry) -> int:
    """A link is always shared on to other servers as well; of a single file nothing can be created or deleted."""
    found = link_permissions(call, values.integer("permissions", READ)) if kind == LINK else values.integer("permissions", ALL) | READ
    found = found if entry.node.is_folder else found & ~(CREATE | DELETE)
    return found & entry.permissions if entry.mount and entry.mount.kind == "shared" else found


def link_permissions(call: Call, found: int) -> int:
    if not found & (READ | CREATE):
        raise ocs.refuse(call, 400, "Share must at least have READ or CREATE permissions")
    if not found & READ and found & (UPDATE | DELETE):
        raise ocs.refuse(call, 400, "Share must have READ permission if UPDATE or DELETE permission is set")
    return found | SHARE if found & READ else found


def changed_permissions(call: Call, values: Params, share: Share) -> int | None:
    if values.get("permissions") is None:
        return None
    found = values.integer("permissions")
    if share.kind == LINK:
        found = link_permissions(call, found)
    node = Shares(call.sandbox).node_of(share)
    if not 0 <= found <= ALL or (node and not node.is_folder and found & (CREATE | DELETE)):
        raise ocs.refuse(call, 400, "Failed to update share.")
    return found


def check(call: Call, entry: Entry, kind: int, recipient: str | None, permissions: int) -> None:
    if entry.path == "/":
        raise ocs.refuse(call, 403, "You cannot share your root folder")
    if not 0 <= permissions <= ALL:
        raise ocs.refuse(call, 403, "Valid permissions are required for sharing")
    if not entry.permissions & SHARE:
        raise ocs.refuse(call, 404, f"You are not allowed to share {entry.name}")
    if kind == USER and recipient == call.uid:
        raise ocs.refuse(call, 403, "Cannot share with yourself")
    if kind == USER and recipient == entry.node.owner:
        raise ocs.refuse(call, 403, "Cannot share with the share owner")


def expiry(call: Call, values: Params) -> str | None:
    """The day a share stops, at its beginning; Nextcloud does not take one that is over."""
    text = values.text("expireDate").strip('"')
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        raise ocs.refuse(call, 404 if call.request.method == "POST" else 400, "Invalid date. Format must be YYYY-MM-DD") from None
    if day <= datetime.fromtimestamp(call.sandbox.now(), UTC).date():
        raise ocs.refuse(call, 404, "Expiration date is in the past")
    return day.isoformat()
