"""PROPFIND below a calendar home."""

from collections.abc import Iterator

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.caldav import state
from nextcloud_sandbox.areas.caldav.locate import Kind, Target, is_private
from nextcloud_sandbox.areas.caldav.properties import (
    MESSAGE_GETTERS,
    OBJECT_GETTERS,
    calendar_properties,
    properties,
    trash_getters,
)
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import DAV, DavError, Entry, Propfind
from nextcloud_sandbox.groupware.davxml import answer, href, member
from nextcloud_sandbox.groupware.store import Item, View

ALLPROP = [f"{DAV}resourcetype"]


async def propfind(call: Call, target: Target) -> web.Response:
    asked = dav.parse_propfind(await call.body())
    if target.kind is Kind.NEW:
        raise DavError(404, f"Node with name '{target.name}' could not be found")
    if target.kind is Kind.TRASH_OBJECTS and dav.depth(call) != "0":
        raise DavError(501)
    entries = list(own_entry(call, target, asked))
    if dav.depth(call) != "0":
        entries += children(call, target, asked)
    return answer(call, entries, side="calendars")


def own_entry(call: Call, target: Target, asked: Propfind) -> Iterator[Entry]:
    path = href(call, "calendars", *target.parts)
    if target.kind is Kind.OBJECT:
        yield member(path, target.found(), OBJECT_GETTERS, asked)
    elif target.kind is Kind.MESSAGE:
        yield member(path, target.found(), MESSAGE_GETTERS, asked)
    elif target.kind is Kind.TRASH_OBJECT:
        yield member(path, target.found(), trash_getters(call), asked)
    elif target.kind is Kind.CALENDAR:
        yield calendar_entry(call, target.calendar(), asked)
    else:
        yield Entry(f"{path}/", *dav.select(asked, properties(call, target), ALLPROP))


def calendar_entry(call: Call, view: View, asked: Propfind) -> Entry:
    found = calendar_properties(call, view)
    return Entry(href(call, "calendars", view.user, view.uri, ""), *dav.select(asked, found, [*ALLPROP, *view.props, f"{DAV}displayname"]))


def children(call: Call, target: Target, asked: Propfind) -> Iterator[Entry]:
    user = target.parts[0]
    if target.kind is Kind.HOME:
        yield from home_entries(call, user, asked)
    elif target.kind is Kind.CALENDAR:
        base = href(call, "calendars", *target.parts, "")
        yield from (member(base + dav.href(item.uri), item, OBJECT_GETTERS, asked) for item in listed(target.calendar()))
    elif target.kind is Kind.INBOX:
        base = href(call, "calendars", *target.parts, "")
        messages = state.calendars(call.sandbox).inbox(user).values()
        yield from (member(base + dav.href(item.uri), item, MESSAGE_GETTERS, asked) for item in messages)
    elif target.kind is Kind.TRASH:
        for kind, name in ((Kind.TRASH_OBJECTS, "objects"), (Kind.RESTORE, "restore")):
            yield from own_entry(call, Target(kind, (*target.parts, name)), asked)


def home_entries(call: Call, user: str, asked: Propfind) -> Iterator[Entry]:
    """The calendars, then inbox, outbox and trash bin, then subscriptions and what apps show."""
    views = state.home(call.sandbox, user)
    yield from (calendar_entry(call, view, asked) for view in views if view.collection.role not in state.RANKS)
    for kind, name in ((Kind.INBOX, "inbox"), (Kind.OUTBOX, "outbox"), (Kind.TRASH, "trashbin")):
        yield from own_entry(call, Target(kind, (user, name)), asked)
    yield from (calendar_entry(call, view, asked) for view in views if view.collection.role in state.RANKS)


def listed(view: View) -> list[Item]:
    """The members by name, without what a recipient of a share must not see."""
    items = sorted(view.collection.items.values(), key=lambda item: item.uri)
    return [item for item in items if not is_private(item)] if view.shared else items
