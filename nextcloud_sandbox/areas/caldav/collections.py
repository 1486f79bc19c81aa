"""Calendars as such: make, change, share; the outbox."""

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.caldav import scheduling, state
from nextcloud_sandbox.areas.caldav.listing import listed
from nextcloud_sandbox.areas.caldav.locate import Kind, Target
from nextcloud_sandbox.areas.caldav.output import Busy, busy, free_busy
from nextcloud_sandbox.areas.caldav.properties import COMPONENTS, PROTECTED, TABLE
from nextcloud_sandbox.areas.caldav.reports import zone_of
from nextcloud_sandbox.areas.caldav.times import Range, read_moment
from nextcloud_sandbox.calls import Call, reply
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import CAL, CS, DAV, DavError
from nextcloud_sandbox.groupware.davxml import already_exists, answer, href, inner_xml, proppatch, text
from nextcloud_sandbox.groupware.sharing import share
from nextcloud_sandbox.groupware.vobject import Component, Line, ParseError, parse


async def mkcalendar(call: Call, target: Target) -> web.Response:
    body = await call.body()
    create(call, target, set_props(dav.parse(body)) if body.strip() else {})
    return reply(201)


async def mkcol(call: Call, target: Target) -> web.Response:
    """Extended MKCOL (RFC 5689) makes calendars and, with cs:subscribed, subscriptions."""
    body = await call.body()
    props = set_props(dav.parse(body)) if body.strip() else {}
    kind = props.get(f"{DAV}resourcetype")
    types = [child.tag for child in kind] if kind is not None else []
    if target.kind is Kind.NEW and f"{CAL}calendar" not in types and f"{CS}subscribed" not in types:
        raise DavError(
            403, "Unknown resourceType for this collection", "Sabre\\DAV\\Exception\\InvalidResourceType", "  <d:valid-resourcetype/>\n"
        )
    create(call, target, props, "subscription" if f"{CS}subscribed" in types else "calendar")
    return reply(201)


def set_props(root: Element) -> dict[str, Element]:
    return {child.tag: child for child in root.iterfind(f"{DAV}set/{DAV}prop/*")}


def create(call: Call, target: Target, props: dict[str, Element], role: str = "calendar") -> None:
    if target.kind is not Kind.NEW:
        raise already_exists() if target.kind is not Kind.OBJECT else DavError(403, "Collections can only be made in the calendar home")
    if target.name in state.RESERVED:
        raise DavError(405, "The resource you tried to create has a reserved name")
    components = props.pop(COMPONENTS, None)
    names = [child.get("name", "").upper() for child in components] if components is not None else None
    stored = {name: inner_xml(value) for name, value in props.items() if name not in PROTECTED}
    if role == "subscription" and f"{CS}source" not in stored:
        raise DavError(403, "The {http://calendarserver.org/ns/}source property is required when creating subscriptions.")
    state.create(call.sandbox, call.uid, target.name, stored, names, role)


async def patch(call: Call, target: Target) -> web.Response:
    root = dav.parse(await call.body())
    if target.kind is not Kind.CALENDAR:
        raise DavError(404, f"Node with name '{target.name}' could not be found") if target.kind is Kind.NEW else DavError(403)
    view = target.calendar()
    stored = view.collection.views.setdefault(view.user, {}) if view.shared else view.collection.props
    entry, names = proppatch(call, root, href(call, "calendars", *target.parts), PROTECTED, stored)
    if not view.shared and TABLE.intersection(names):
        view.collection.changed()
    return answer(call, [entry])


async def post(call: Call, target: Target) -> web.Response:
    if target.kind is Kind.OUTBOX:
        return ask_free_busy(call, await call.body())
    if target.kind is Kind.CALENDAR and "xml" in call.header("Content-Type"):
        return share(call, target.calendar(), dav.parse(await call.body()))
    raise DavError(501, "There was no plugin in the system that was willing to handle this POST method.")


def ask_free_busy(call: Call, body: bytes) -> web.Response:
    """POST to the outbox (RFC 6638, 5): a VFREEBUSY request, answered for every attendee."""
    try:
        root = parse(body.decode("utf-8", "replace"))
    except ParseError as error:
        raise DavError(400, f"The request body must be a valid iCalendar object. Parse error: {error}") from None
    request = next((child for child in root.children if child.name == "VFREEBUSY"), None)
    if request is None or root.value("METHOD") != "REQUEST":
        raise DavError(501, "We only support VFREEBUSY (REQUEST) on this endpoint")
    organizer = request.first("ORGANIZER")
    if scheduling.normal(organizer) not in scheduling.addresses(call.sandbox, call.uid):
        raise DavError(403, "The organizer in the request did not match any of the addresses for the owner of this inbox")
    inner = "".join(recipient(call, request, attendee) for attendee in request.all("ATTENDEE"))
    document = f'<?xml version="1.0" encoding="utf-8"?>\n<cal:schedule-response {dav.ROOT}>{inner}</cal:schedule-response>\n'
    return reply(200, document.encode(), "application/xml")


def recipient(call: Call, request: Component, attendee: Line) -> str:
    address = scheduling.normal(attendee)
    user = scheduling.user_of(call.sandbox, address)
    parts = dav.tag(f"{CAL}recipient", dav.tag(f"{DAV}href", text(address)))
    if user is None:
        return dav.tag(f"{CAL}response", parts + dav.tag(f"{CAL}request-status", "3.7;Could not find principal"))
    asked = asked_range(request)
    extra = [Line("ATTENDEE", address), Line("UID", request.value("UID")), Line("ORGANIZER", request.value("ORGANIZER"))]
    body = free_busy(list(busy_of(call.sandbox, user, asked)), asked, call.sandbox.now(), extra, "REPLY")
    parts += dav.tag(f"{CAL}request-status", "2.0;Success") + dav.tag(f"{CAL}calendar-data", text(body.replace("\r", "")))
    return dav.tag(f"{CAL}response", parts)


def asked_range(request: Component) -> Range:
    start, end = read_moment(request.first("DTSTART")), read_moment(request.first("DTEND"))
    if start is None or end is None:
        raise DavError(400, "The request must have a DTSTART and DTEND")
    return Range(start[0], max(end[0], datetime.min.replace(tzinfo=UTC)))


def busy_of(sandbox: Sandbox, user: str, asked: Range) -> Iterator[Busy]:
    """When a user is busy, over all calendars that count."""
    from nextcloud_sandbox.areas.caldav.output import merge

    periods: list[Busy] = []
    for view in state.active(sandbox, user):
        if "transparent" not in view.props.get(state.TRANSPARENT, ""):
            periods += busy(listed(view), asked, zone_of(view))
    yield from merge(periods)
