"""The DAV properties of everything below a calendar home."""

from collections.abc import Mapping
from datetime import UTC, datetime

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.caldav import state
from nextcloud_sandbox.areas.caldav.locate import Kind, Target
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import CAL, CS, DAV, OC
from nextcloud_sandbox.groupware.davxml import ITEM_GETTERS, NC, Getter, element, href, privileges, supported_reports, text
from nextcloud_sandbox.groupware.sharing import invited
from nextcloud_sandbox.groupware.store import Item, View

FREE_BUSY = f"{CAL}read-free-busy"
INBOX_RIGHTS = ["schedule-deliver", "schedule-deliver-invite", "schedule-deliver-reply", "schedule-query-freebusy"]
OUTBOX_RIGHTS = ["schedule-send", "schedule-send-invite", "schedule-send-reply", "schedule-send-freebusy", "schedule-post-vevent"]
CALENDAR_REPORTS = (f"{CAL}calendar-multiget", f"{CAL}calendar-query", f"{CAL}free-busy-query")
COMPONENTS = f"{CAL}supported-calendar-component-set"
MAX_SIZE = "10000000"
PROTECTED = {
    *(f"{DAV}{name}" for name in ("resourcetype", "getetag", "getlastmodified", "getcontentlength", "sync-token", "owner")),
    *(f"{DAV}{name}" for name in ("current-user-privilege-set", "supported-report-set", "acl", "principal-URL")),
    COMPONENTS,
    f"{CS}getctag",
    f"{OC}owner-principal",
    f"{OC}invite",
    f"{OC}read-only",
}
TABLE = {f"{DAV}displayname", f"{CAL}calendar-description", f"{CAL}calendar-timezone", state.ORDER, state.COLOR, state.TRANSPARENT}
"""What Nextcloud keeps in the calendar's own row: only changes of these count as a change of the calendar."""


LACKING = {
    "subscription": (f"{CS}getctag", f"{DAV}sync-token", COMPONENTS, f"{OC}invite"),
    "app": (f"{CS}getctag", f"{DAV}sync-token", f"{OC}invite", f"{OC}owner-principal"),
}


def calendar_data(item: Item) -> str:
    """As in a report: without carriage returns."""
    return text(item.data.decode("utf-8", "replace").replace("\r", ""))


OBJECT_GETTERS: dict[str, Getter] = {
    **ITEM_GETTERS,
    f"{DAV}getcontenttype": lambda item: f"text/calendar; charset=utf-8; component={item.kind.lower()}",
    f"{DAV}current-user-privilege-set": lambda _: privileges("own", FREE_BUSY),
    f"{CAL}calendar-data": calendar_data,
}
MESSAGE_GETTERS: dict[str, Getter] = {**OBJECT_GETTERS, f"{DAV}getcontenttype": lambda _: "text/calendar; charset=utf-8"}


def trash_getters(call: Call) -> dict[str, Getter]:
    names = {item.id: collection.uri for collection, item in state.trashed(call.sandbox, call.uid)}
    return {
        **OBJECT_GETTERS,
        f"{NC}deleted-at": lambda item: atom(item.deleted_at or 0),
        f"{NC}calendar-uri": lambda item: text(names.get(item.id, "")),
        f"{NC}source-calendar-uri": lambda item: text(names.get(item.id, "")),
    }


def atom(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def properties(call: Call, target: Target) -> Mapping[str, str]:
    """All properties of a collection; those of the calendars it lists are made separately."""
    user = target.parts[0]
    principal = f"<d:href>{href(call, 'principals', 'users', user, '')}</d:href>"
    common = {f"{DAV}owner": principal, f"{DAV}current-user-principal": principal}
    if target.kind is Kind.CALENDAR:
        return common | calendar_properties(call, target.calendar())
    return common | special(target.kind)


def special(kind: Kind) -> dict[str, str]:
    if kind is Kind.INBOX:
        rights = "".join(dav.tag(f"{DAV}privilege", dav.tag(CAL + name)) for name in INBOX_RIGHTS)
        rights += dav.tag(f"{DAV}privilege", dav.tag(f"{DAV}unbind")) + privileges("properties")
        return resource(f"{CAL}schedule-inbox", rights, supported_reports(*CALENDAR_REPORTS[:2]))
    if kind is Kind.OUTBOX:
        rights = "".join(dav.tag(f"{DAV}privilege", dav.tag(CAL + name)) for name in OUTBOX_RIGHTS) + privileges("read")
        return resource(f"{CAL}schedule-outbox", rights, supported_reports())
    if kind is Kind.TRASH:
        return resource(f"{NC}trash-bin", privileges("all"), supported_reports()) | {
            f"{NC}trash-bin-retention-duration": str(state.RETENTION)
        }
    return resource("", privileges("own"), supported_reports(f"{NC}calendar-search", sync=True))


def resource(kind: str, rights: str, reports: str) -> dict[str, str]:
    return {
        f"{DAV}resourcetype": dav.tag(f"{DAV}collection") + (dav.tag(kind) if kind else ""),
        f"{DAV}current-user-privilege-set": rights,
        f"{DAV}supported-report-set": reports,
    }


def calendar_properties(call: Call, view: View) -> dict[str, str]:
    collection = view.collection
    found = {name: value for name, value in view.props.items() if name != f"{DAV}displayname"}
    found |= resource(
        resource_type(view), privileges(rights(view), FREE_BUSY), supported_reports(*CALENDAR_REPORTS, sync=collection.role != "app")
    )
    found |= {
        f"{DAV}displayname": display_name(call, view),
        f"{CS}getctag": collection.sync_token,
        f"{DAV}sync-token": collection.sync_token,
        COMPONENTS: "".join(element(f"{CAL}comp", name=name) for name in collection.components),
        f"{OC}owner-principal": text(f"principals/users/{collection.owner}"),
        f"{OC}invite": invited(call, view),
        f"{NC}owner-displayname": text(call.sandbox.users[collection.owner].display_name),
        f"{CAL}max-resource-size": MAX_SIZE,
        f"{CAL}supported-calendar-data": element(f"{CAL}calendar-data", content_type="text/calendar", version="2.0"),
        f"{CS}allowed-sharing-modes": dav.tag(f"{CS}can-be-shared") + dav.tag(f"{CS}can-be-published"),
    }
    if view.shared:
        found[f"{OC}read-only"] = "1" if view.read_only else ""
    if collection.deleted_at is not None:
        found[f"{NC}deleted-at"] = atom(collection.deleted_at)
    for name in LACKING.get(collection.role, ()):
        found.pop(name, None)
    return found


def display_name(call: Call, view: View) -> str:
    name = view.props.get(f"{DAV}displayname", "")
    return f"{name} ({text(call.sandbox.users[view.collection.owner].display_name)})" if view.shared else name


def resource_type(view: View) -> str:
    if view.collection.deleted_at is not None:
        return f"{NC}deleted-calendar"
    return f"{CS}subscribed" if view.collection.role == "subscription" else f"{CAL}calendar"


def writable(view: View) -> bool:
    return view.collection.role == "calendar" and not view.read_only


def rights(view: View) -> str:
    return "own" if writable(view) else "properties"
