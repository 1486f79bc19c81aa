"""The DAV properties of address books and cards."""

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.carddav import state
from nextcloud_sandbox.areas.carddav.vcard import has_photo
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import CARD, CS, DAV, OC
from nextcloud_sandbox.groupware.davxml import CARD_REPORTS, ITEM_GETTERS, NC, Getter, element, href, privileges, supported_reports, text
from nextcloud_sandbox.groupware.sharing import invited
from nextcloud_sandbox.groupware.store import View

FORMS = [("text/vcard", "3.0"), ("text/vcard", "4.0"), ("application/vcard+json", "4.0")]
PROTECTED = {
    *(f"{DAV}{name}" for name in ("resourcetype", "getetag", "getlastmodified", "getcontentlength", "sync-token", "owner")),
    *(f"{DAV}{name}" for name in ("current-user-privilege-set", "supported-report-set", "acl")),
    f"{CARD}supported-address-data",
    f"{CS}getctag",
    f"{OC}owner-principal",
    f"{OC}read-only",
    f"{OC}invite",
}
TABLE = {f"{DAV}displayname", state.DESCRIPTION}
CARD_GETTERS: dict[str, Getter] = {
    **ITEM_GETTERS,
    f"{DAV}getcontenttype": lambda _: "text/vcard; charset=utf-8",
    f"{DAV}current-user-privilege-set": lambda _: privileges("own"),
    f"{CARD}address-data": lambda item: text(item.data.decode("utf-8", "replace")),
    f"{NC}has-photo": lambda item: "1" if has_photo(item.component) else "",
}


def writable(view: View) -> bool:
    return view.collection.role == "addressbook" and not view.read_only


def home_properties(call: Call, user: str) -> dict[str, str]:
    return {
        f"{DAV}resourcetype": dav.tag(f"{DAV}collection"),
        f"{DAV}current-user-privilege-set": privileges("all"),
        f"{DAV}supported-report-set": supported_reports(),
        f"{DAV}owner": principal(call, user),
    }


def principal(call: Call, user: str) -> str:
    return f"<d:href>{href(call, 'principals', 'users', user, '')}</d:href>"


def book_properties(call: Call, view: View) -> dict[str, str]:
    collection = view.collection
    found = dict(view.props) | {
        f"{DAV}displayname": display_name(call, view),
        f"{DAV}resourcetype": dav.tag(f"{DAV}collection") + dav.tag(f"{CARD}addressbook"),
        f"{DAV}owner": principal(call, view.user),
        f"{CARD}supported-address-data": "".join(element(f"{CARD}address-data-type", content_type=kind, version=v) for kind, v in FORMS),
        f"{CARD}max-resource-size": "10000000",
        f"{DAV}current-user-privilege-set": rights(view),
        f"{DAV}supported-report-set": supported_reports(*CARD_REPORTS, sync=collection.role != "recent"),
    }
    if collection.role == "recent":
        stamp = {f"{DAV}getlastmodified": dav.http_date(collection.token), "principaluri": text(f"principals/users/{view.user}")}
        return found | stamp | {f"{CS}getctag": collection.sync_token, f"{OC}read-only": "1"}
    found |= {f"{CS}getctag": str(collection.token), f"{DAV}sync-token": collection.sync_token, f"{OC}invite": invited(call, view)}
    if collection.role == "system":
        found |= {f"{OC}read-only": "1", f"{OC}owner-principal": "principals/system/system"}
    elif view.shared:
        found |= {f"{OC}read-only": "1" if view.read_only else "", f"{OC}owner-principal": text(f"principals/users/{collection.owner}")}
    return found


def display_name(call: Call, view: View) -> str:
    name = view.props.get(f"{DAV}displayname", "")
    if not view.shared or view.collection.role == "system":
        return name
    return f"{name} ({text(call.sandbox.users[view.collection.owner].display_name)})"


def rights(view: View) -> str:
    if view.collection.role == "recent":
        return privileges("read")
    return privileges("own" if writable(view) else "properties")
