"""Sharing of calendars and address books by POST, with the words of ownCloud and Nextcloud."""

from xml.etree.ElementTree import Element

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.calls import Call, reply
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import CS, DAV, OC, DavError
from nextcloud_sandbox.groupware.davxml import child_text, text
from nextcloud_sandbox.groupware.store import View


def share(call: Call, view: View, root: Element) -> web.Response:
    """oc:share with any number of oc:set and oc:remove; each names a principal, and oc:read-write allows writing."""
    if root.tag not in (f"{OC}share", f"{CS}share"):
        raise DavError(501, "There was no plugin in the system that was willing to handle this POST method.")
    if view.shared:
        raise DavError(403)
    namespace = root.tag.removesuffix("share")
    for entry in root.findall(f"{namespace}set"):
        user = shared_with(call.sandbox, entry)
        if user is not None and user != view.collection.owner:
            view.collection.shares[user] = entry.find(f"{namespace}read-write") is None
    for entry in root.findall(f"{namespace}remove"):
        view.collection.shares.pop(shared_with(call.sandbox, entry) or "", None)
    return reply(200, headers={"X-Sabre-Status": "everything-went-well"})


def shared_with(sandbox: Sandbox, entry: Element) -> str | None:
    """The account of a principal or mail address."""
    address = child_text(entry, f"{DAV}href")
    name = address.removeprefix("principal:").removeprefix("principals/users/")
    if name in sandbox.users:
        return name
    mail = address.lower().removeprefix("mailto:")
    return next((user.id for user in sandbox.users.values() if user.email and user.email.lower() == mail), None)


def invited(call: Call, view: View) -> str:
    """The inner XML of oc:invite: whom the owner shares with. Recipients see nobody."""
    return "" if view.shared else "".join(invitee(call, user, only) for user, only in view.collection.shares.items())


def invitee(call: Call, user: str, read_only: bool) -> str:
    inner = dav.tag(f"{DAV}href", text(f"principal:principals/users/{user}"))
    if user in call.sandbox.users:
        inner += dav.tag(f"{OC}common-name", text(call.sandbox.users[user].display_name))
    inner += dav.tag(f"{OC}invite-accepted") + dav.tag(f"{OC}access", dav.tag(f"{OC}read" if read_only else f"{OC}read-write"))
    return dav.tag(f"{OC}user", inner)
