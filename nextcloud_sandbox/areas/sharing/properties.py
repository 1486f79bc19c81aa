"""What WebDAV tells of the shares of a file."""

from nextcloud_sandbox.areas.sharing.records import name_of
from nextcloud_sandbox.areas.sharing.state import LINK, Share, Shares
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import text
from nextcloud_sandbox.tree.user import Entry


def of(call: Call, entry: Entry) -> list[Share]:
    """The shares that the caller made of a file."""
    if "shares" not in call.sandbox.state:
        return []
    made = [share for share in Shares(call.sandbox).table.values() if share.node == entry.node.id]
    return [share for share in made if call.user_or_none is not None and share.sharer == call.uid]


def share_types(call: Call, entry: Entry) -> str:
    return "".join(f"<oc:share-type>{kind}</oc:share-type>" for kind in sorted({share.kind for share in of(call, entry)}))


def sharees_of(call: Call, entry: Entry) -> str:
    return "".join(sharee(call, share) for share in of(call, entry))


def sharee(call: Call, share: Share) -> str:
    if share.kind == LINK:
        return f"<nc:sharee><nc:id/><nc:display-name/><nc:type>{LINK}</nc:type></nc:sharee>"
    name, label = share.recipient or "", name_of(call, share.recipient or "")
    return (
        f"<nc:sharee><nc:id>{text(name)}</nc:id><nc:display-name>{text(label)}</nc:display-name><nc:type>{share.kind}</nc:type></nc:sharee>"
    )
