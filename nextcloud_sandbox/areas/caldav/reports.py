"""REPORT below a calendar home: queries, multiget, synchronisation, search, free-busy."""

from datetime import UTC, tzinfo
from xml.etree.ElementTree import Element

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.caldav import state
from nextcloud_sandbox.areas.caldav.listing import listed
from nextcloud_sandbox.areas.caldav.locate import BASE, Kind, Target, is_private, locate
from nextcloud_sandbox.areas.caldav.output import busy, expand, free_busy
from nextcloud_sandbox.areas.caldav.properties import MESSAGE_GETTERS, OBJECT_GETTERS, trash_getters
from nextcloud_sandbox.areas.caldav.query import matches, parse_filter, parse_search
from nextcloud_sandbox.areas.caldav.times import find_zone, read_range
from nextcloud_sandbox.calls import Call, reply
from nextcloud_sandbox.dav import CAL, DAV, DavError, Propfind
from nextcloud_sandbox.groupware import members
from nextcloud_sandbox.groupware.davxml import NC, Getter, answer, href, member, names_in, sync_collection, text, unsupported_report
from nextcloud_sandbox.groupware.store import View
from nextcloud_sandbox.groupware.vobject import ParseError, parse


async def report(call: Call, target: Target) -> web.Response:
    root = dav.parse(await call.body())
    handlers = {
        f"{CAL}calendar-query": calendar_query,
        f"{CAL}calendar-multiget": multiget,
        f"{DAV}sync-collection": sync,
        f"{CAL}free-busy-query": free_busy_query,
        f"{NC}calendar-search": search,
    }
    handler = handlers.get(root.tag)
    if handler is None:
        raise unsupported_report(f"The {root.tag} report is not supported on this url")
    if target.kind is Kind.NEW:
        raise DavError(404, f"Node with name '{target.name}' could not be found")
    return handler(call, target, root)


def getters_for(root: Element, base: dict[str, Getter]) -> dict[str, Getter]:
    """The getters of members, with calendar-data as the report wants it."""
    wanted = root.find(f"{DAV}prop/{CAL}calendar-data/{CAL}expand")
    if wanted is None:
        return base
    if not (wanted.get("start") and wanted.get("end")):
        raise DavError(400, "The 'start' and 'end' attributes are required for the CALDAV:expand element")
    asked = read_range(wanted.get("start"), wanted.get("end"))
    return {**base, f"{CAL}calendar-data": lambda item: text(expand(item, asked))}


def calendar_query(call: Call, target: Target, root: Element) -> web.Response:
    wanted = parse_filter(root)
    depth = dav.depth(call, "0")
    asked = Propfind(names_in(root))
    if target.kind is Kind.TRASH_OBJECTS:
        base = href(call, "calendars", *target.parts, "")
        getters = getters_for(root, trash_getters(call))
        found = [item for _, item in state.trashed(call.sandbox, target.parts[0])] if depth == "1" else []
        return answer(call, [member(f"{base}{item.id}.ics", item, getters, asked) for item in found])
    if target.kind is Kind.CALENDAR and depth == "0":
        raise DavError(400, "A calendar-query REPORT on a calendar with a Depth: 0 is undefined. Set Depth to 1")
    getters = getters_for(root, OBJECT_GETTERS)
    if target.kind is Kind.OBJECT and depth == "0":
        items = [target.found()]
        base = href(call, "calendars", *target.parts[:-1], "")
    elif target.kind is Kind.CALENDAR:
        items = listed(target.calendar())
        base = href(call, "calendars", *target.parts, "")
    else:
        return answer(call, [])
    found = [item for item in items if matches(item, wanted)]
    return answer(call, [member(base + dav.href(item.uri), item, getters, asked) for item in found])


def multiget(call: Call, _: Target, root: Element) -> web.Response:
    inbox = f"/{call.uid}/inbox/"
    return members.multiget(call, root, BASE, locate, lambda path: getters_for(root, MESSAGE_GETTERS if inbox in path else OBJECT_GETTERS))


def sync(call: Call, target: Target, root: Element) -> web.Response:
    if target.kind is not Kind.CALENDAR:
        raise unsupported_report("The {DAV:}sync-collection report is not supported on this url")
    view = target.calendar()
    collection = view.collection
    initial = not (root.findtext(f"{DAV}sync-token") or "").strip()
    if initial and root.find(f"{DAV}limit") is not None:
        exception = "OCA\\DAV\\Exception\\UnsupportedLimitOnInitialSyncException"
        raise DavError(507, "", exception, "  <d:number-of-matches-within-limits/>\n")
    base = href(call, "calendars", *target.parts, "")
    if initial:
        collection.items = dict(sorted(collection.items.items()))
    return sync_collection(call, collection, root, base, OBJECT_GETTERS, lambda item: view.shared and is_private(item))


def search(call: Call, target: Target, root: Element) -> web.Response:
    """Nextcloud answers a search only with Depth 2, which is also the default; otherwise there are no results."""
    wanted = parse_search(root)
    if target.kind is not Kind.HOME or call.header("Depth", "2").strip() != "2":
        return answer(call, [])
    places = {id(item): (view, item) for view in state.active(call.sandbox, call.uid) for item in listed(view)}
    asked = Propfind(names_in(root))
    getters = getters_for(root, OBJECT_GETTERS)
    found = [places[id(item)] for item in wanted.run([item for _, item in places.values()])]
    return answer(call, [member(href(call, "calendars", call.uid, view.uri, item.uri), item, getters, asked) for view, item in found])


def free_busy_query(call: Call, target: Target, root: Element) -> web.Response:
    wanted = root.find(f"{CAL}time-range")
    if wanted is None:
        raise DavError(400, "The freebusy report must have a time-range element")
    asked = read_range(wanted.get("start"), wanted.get("end"))
    if target.kind is not Kind.CALENDAR:
        raise DavError(501, "The free-busy-query REPORT is only implemented on calendars")
    view = target.calendar()
    body = free_busy(busy(listed(view), asked, zone_of(view)), asked, call.sandbox.now())
    return reply(200, body.encode(), "text/calendar;charset=UTF-8")


def zone_of(view: View) -> tzinfo:
    """The time zone of a calendar, UTC when it has none that is known."""
    try:
        root = parse(view.props.get(f"{CAL}calendar-timezone", "").replace("&#13;", ""))
    except ParseError:
        return UTC
    names = [child.value("TZID") for child in root.children if child.name == "VTIMEZONE"]
    return (find_zone(names[0]) if names else None) or UTC
