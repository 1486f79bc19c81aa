"""A share as OCS shows it to one person."""

from typing import Any

from nextcloud_sandbox.areas.sharing.state import GROUP, LINK, USER, Share, Shares
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.tree.nodes import DELETE, UPDATE
from nextcloud_sandbox.tree.user import Entry


def record(call: Call, share: Share, *, mailed: bool = False) -> dict[str, Any] | None:
    """None where the caller cannot see the file any more. `mailed`: just made, so Nextcloud says that it sent a mail."""
    shares = Shares(call.sandbox)
    entry = shares.entry_for(share, call.uid)
    if entry is None:
        return None
    editable = call.uid in (share.owner, share.sharer)
    return {
        "id": str(share.id),
        "share_type": share.kind,
        "uid_owner": share.sharer,
        "displayname_owner": name_of(call, share.sharer),
        "permissions": share.permissions,
        "can_edit": editable,
        "can_delete": may_delete(share, call.uid),
        "stime": share.created,
        "parent": None,
        "expiration": f"{share.expiration} 00:00:00" if share.expiration else None,
        "token": share.token,
        "uid_file_owner": share.owner,
        "note": share.note,
        "label": share.label,
        "displayname_file_owner": name_of(call, share.owner),
        **file_fields(call, share, entry, editable),
        **recipient_fields(call, share),
        "mail_send": int(mailed),
        "hide_download": int(share.hide_download),
        "attributes": None,
    }


def may_delete(share: Share, user: str) -> bool:
    return user in (share.owner, share.sharer) or (share.kind == USER and share.recipient == user)


def name_of(call: Call, user: str) -> str:
    found = call.sandbox.users.get(user)
    return found.display_name if found else user


def file_fields(call: Call, share: Share, entry: Entry, editable: bool) -> dict[str, Any]:
    node, mount = entry.node, entry.mount
    received = share.permissions | DELETE | (UPDATE if editable else 0)
    storage = f"home::{call.uid}" if mount is None else f"shared::/{mount.path}" if mount.kind == "shared" else "local::/var/www/html/data/"
    return {
        "path": entry.path,
        "item_type": "folder" if node.is_folder else "file",
        "item_permissions": entry.permissions if share.owner == call.uid else received,
        "is-mount-root": entry.is_mount_root and node.is_folder,
        "mount-type": mount.kind if mount else "",
        "mimetype": node.mime,
        "has_preview": node.mime.startswith(("image/", "text/")),
        "storage_id": storage,
        "storage": 3,
        "item_source": node.id,
        "file_source": node.id,
        "file_parent": node.parent.id if node.parent else 1,
        "file_target": share.target,
        "item_size": node.size,
        "item_mtime": node.mtime,
    }


def recipient_fields(call: Call, share: Share) -> dict[str, Any]:
    if share.kind == LINK:
        return {
            "share_with": share.hash,
            "share_with_displayname": "(Shared link)",
            "password": share.hash,
            "send_password_by_talk": False,
            "url": call.url(f"/s/{share.token}"),
        }
    recipient = share.recipient or ""
    if share.kind == GROUP:
        return {"share_with": recipient, "share_with_displayname": recipient}
    user = call.sandbox.users.get(recipient)
    unique = (user.email if user else "") or recipient
    return {"share_with": recipient, "share_with_displayname": name_of(call, recipient), "share_with_displayname_unique": unique}
