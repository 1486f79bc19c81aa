"""/remote.php/dav/calendars: one handler per method, chosen by what the path names."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.caldav import objects, state
from nextcloud_sandbox.areas.caldav.collections import mkcalendar, mkcol, patch, post
from nextcloud_sandbox.areas.caldav.listing import propfind
from nextcloud_sandbox.areas.caldav.locate import Kind, Target, is_private, locate
from nextcloud_sandbox.areas.caldav.output import export
from nextcloud_sandbox.areas.caldav.properties import writable
from nextcloud_sandbox.areas.caldav.reports import report
from nextcloud_sandbox.calls import Call, reply
from nextcloud_sandbox.dav import DAV, DavError
from nextcloud_sandbox.groupware.davxml import access_denied, download_headers, options
from nextcloud_sandbox.groupware.members import check_conditions, dispatch, refuse_to_overwrite
from nextcloud_sandbox.groupware.store import View
from nextcloud_sandbox.routing import Routes

routes = Routes("caldav")


@routes.dav("*", "/remote.php/dav/calendars/{user}{rest:/?.*}")
async def calendars(call: Call) -> web.StreamResponse:
    return await dispatch(call, "calendars", METHODS, locate)


async def show_options(_: Call, __: Target) -> web.Response:
    return options("calendars")


async def get(call: Call, target: Target) -> web.Response:
    if target.kind is Kind.CALENDAR and "export" in call.request.query:
        return send_export(call, target.calendar())
    if target.kind not in (Kind.OBJECT, Kind.MESSAGE, Kind.TRASH_OBJECT):
        raise DavError(501, "GET is only implemented for File objects")
    item = target.found()
    check_conditions(call, item)
    component = f"; component={item.kind.lower()}" if target.kind is Kind.OBJECT else ""
    return reply(200, item.data, f"text/calendar; charset=utf-8{component}", download_headers(item))


def send_export(call: Call, view: View) -> web.Response:
    """?export: everything in one file."""
    items = sorted(view.collection.items.values(), key=lambda item: item.uri)
    if view.shared:
        items = [item for item in items if not is_private(item)]
    day = datetime.fromtimestamp(call.sandbox.now(), UTC).date()
    body = export(items, view.props.get(f"{DAV}displayname", ""), view.props.get(state.COLOR, ""))
    name = f'attachment; filename="{view.uri}-{day}.ics"'
    return reply(200, body.encode(), "text/calendar;charset=UTF-8", {"Content-Disposition": name})


async def put(call: Call, target: Target) -> web.Response:
    if target.kind is not Kind.OBJECT:
        raise (
            DavError(403, "Permission denied to create file (filename calendar)")
            if target.kind is Kind.NEW
            else DavError(409, "PUT is not allowed on non-files.")
        )
    view = target.calendar()
    refuse_read_only(view, target)
    check_conditions(call, target.item)
    return objects.put(call.sandbox, view, target.name, await call.body()).response("iCalendar")


def refuse_read_only(view: View, target: Target) -> None:
    """The access control: what one may not write looks missing, unless it is one's own."""
    if not writable(view):
        kind = "Node" if target.item else "Calendar"
        raise access_denied(target.name if target.item else view.uri, kind, own=not view.shared)


async def delete(call: Call, target: Target) -> web.Response:
    if target.kind is Kind.CALENDAR:
        objects.trash_calendar(call.sandbox, target.calendar(), force=call.header("X-NC-CalDAV-No-Trashbin") == "1")
        return reply(204)
    if target.kind is Kind.NEW:
        raise DavError(404, f"Node with name '{target.name}' could not be found")
    if target.kind not in (Kind.OBJECT, Kind.MESSAGE, Kind.TRASH_OBJECT):
        raise DavError(403)
    item = target.found()
    check_conditions(call, item)
    if target.kind is Kind.MESSAGE:
        del state.calendars(call.sandbox).inbox(call.uid)[item.uri]
    elif target.owner is not None:
        objects.purge(target.owner, item)
    else:
        refuse_read_only(target.calendar(), target)
        objects.delete(call.sandbox, target.calendar(), item.uri, schedule=call.header("Schedule-Reply").upper() != "F")
    return reply(204)


async def move(call: Call, target: Target) -> web.Response:
    """Moves and copies objects between calendars, and restores from the trash bin."""
    destination = locate(call, dav.destination(call))
    if destination.kind is Kind.RESTORE:
        return restore(call, target)
    if target.kind is not Kind.OBJECT or destination.kind is not Kind.OBJECT:
        raise DavError(403, "Collections below a calendar home cannot be moved")
    target.found()
    keep = call.request.method == "COPY"
    for view, place in ((destination.calendar(), destination), *(() if keep else ((target.calendar(), target),))):
        refuse_read_only(view, place)
    refuse_to_overwrite(call, destination.item)
    replaced = objects.transfer(call.sandbox, target.calendar(), target.name, destination.calendar(), destination.name, keep=keep)
    return reply(204 if replaced else 201)


def restore(call: Call, target: Target) -> web.Response:
    if target.kind is Kind.TRASH_OBJECT and target.owner is not None:
        objects.restore(call.sandbox, target.owner, target.found())
    elif target.kind is Kind.CALENDAR and not target.calendar().shared:
        target.calendar().collection.deleted_at = None
    else:
        raise DavError(403)
    return reply(201)


Handler = Callable[[Call, Target], Awaitable[web.Response]]
METHODS: dict[str, Handler] = {
    "OPTIONS": show_options,
    "GET": get,
    "HEAD": get,
    "PUT": put,
    "DELETE": delete,
    "MOVE": move,
    "COPY": move,
    "PROPFIND": propfind,
    "PROPPATCH": patch,
    "REPORT": report,
    "MKCALENDAR": mkcalendar,
    "MKCOL": mkcol,
    "POST": post,
}
