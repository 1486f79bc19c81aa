"""PROPFIND below an address book home."""

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.carddav import state
from nextcloud_sandbox.areas.carddav.locate import Target
from nextcloud_sandbox.areas.carddav.properties import CARD_GETTERS, book_properties, home_properties
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import DAV, Entry, Propfind
from nextcloud_sandbox.groupware.davxml import answer, href, member
from nextcloud_sandbox.groupware.store import View

ALLPROP = [f"{DAV}getlastmodified", f"{DAV}resourcetype", "principaluri", f"{DAV}displayname", f"{dav.OC}read-only", f"{dav.CS}getctag"]


async def propfind(call: Call, target: Target) -> web.Response:
    asked = dav.parse_propfind(await call.body())
    deep = dav.depth(call) != "0"
    if target.depth == 1:
        entries = home_entries(call, target.parts[0], asked, deep)
    elif target.depth == 2:
        entries = book_entries(call, target, asked, deep)
    else:
        entries = [member(href(call, "addressbooks", "users", *target.parts), target.found(), CARD_GETTERS, asked)]
    return answer(call, entries, side="addressbooks")


def home_entries(call: Call, user: str, asked: Propfind, deep: bool) -> list[Entry]:
    own = Entry(href(call, "addressbooks", "users", user, ""), *dav.select(asked, home_properties(call, user), ALLPROP[1:2]))
    made = [state.find(call, user, name) for name in (state.SYSTEM, state.RECENT)]
    views = [*state.home(call.sandbox, user), *(view for view in made if view)]
    return [own, *(book_entry(call, view, asked) for view in views)] if deep else [own]


def book_entry(call: Call, view: View, asked: Propfind) -> Entry:
    found = book_properties(call, view)
    allprop = [name for name in ALLPROP if name in found]
    return Entry(href(call, "addressbooks", "users", view.user, view.uri, ""), *dav.select(asked, found, allprop))


def book_entries(call: Call, target: Target, asked: Propfind, deep: bool) -> list[Entry]:
    view = target.book()
    base = href(call, "addressbooks", "users", *target.parts, "")
    items = view.collection.items.values() if deep else ()
    return [book_entry(call, view, asked), *(member(base + dav.href(item.uri), item, CARD_GETTERS, asked) for item in items)]
