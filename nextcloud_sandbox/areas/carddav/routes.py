"""/remote.php/dav/addressbooks/users: one handler per method."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.carddav import cards, state
from nextcloud_sandbox.areas.carddav.listing import propfind
from nextcloud_sandbox.areas.carddav.locate import Target, locate
from nextcloud_sandbox.areas.carddav.properties import PROTECTED, TABLE, writable
from nextcloud_sandbox.areas.carddav.reports import report
from nextcloud_sandbox.areas.carddav.vcard import MIME, convert, negotiate
from nextcloud_sandbox.calls import Call, reply
from nextcloud_sandbox.dav import CARD, DAV, DavError
from nextcloud_sandbox.groupware.davxml import access_denied, already_exists, answer, download_headers, href, inner_xml, options, proppatch
from nextcloud_sandbox.groupware.members import check_conditions, dispatch, refuse_to_overwrite
from nextcloud_sandbox.groupware.sharing import share
from nextcloud_sandbox.groupware.store import View
from nextcloud_sandbox.routing import Routes

routes = Routes("carddav")


@routes.dav("*", "/remote.php/dav/addressbooks/users/{user}{rest:/?.*}")
async def addressbooks(call: Call) -> web.StreamResponse:
    return await dispatch(call, "addressbooks", METHODS, locate)


async def show_options(_: Call, __: Target) -> web.Response:
    return options("addressbooks")


async def get(call: Call, target: Target) -> web.Response:
    if target.depth == 2 and "export" in call.request.query:
        view = target.book()
        body = "".join(str(item.component) for item in view.collection.items.values())
        day = datetime.fromtimestamp(call.sandbox.now(), UTC).date()
        disposition = {"Content-Disposition": f'attachment; filename="{view.uri}-{day}.vcf"'}
        return reply(200, body.encode(), "text/directory;charset=UTF-8", disposition)
    if target.depth < 3:
        raise DavError(501, "GET is only implemented for File objects")
    item = target.found()
    check_conditions(call, item)
    form = negotiate(call.header("Accept", "*/*"))
    return reply(200, convert(item.data, form).encode(), MIME[form], download_headers(item))


async def put(call: Call, target: Target) -> web.Response:
    if target.depth < 3:
        raise DavError(403, "Permission denied") if target.view is None else DavError(409, "PUT is not allowed on non-files.")
    view = target.book()
    refuse_read_only(view, target)
    check_conditions(call, target.item)
    return cards.put(call.sandbox, view, target.name, await call.body()).response("vCard")


def refuse_read_only(view: View, target: Target) -> None:
    """What one may not write looks missing, unless it is one's own."""
    if not writable(view):
        plain = view.collection.role != "addressbook" or target.item is not None
        name = target.name if target.item else view.uri
        raise access_denied(name, "Node" if plain else "Addressbook", own=view.collection.role == "recent")


async def delete(call: Call, target: Target) -> web.Response:
    if target.depth == 1:
        raise DavError(403)
    view = target.book()
    if target.depth == 2:
        delete_book(call, view, target)
        return reply(204)
    item = target.found()
    refuse_read_only(view, target)
    check_conditions(call, item)
    cards.delete(call.sandbox, view, item.uri)
    return reply(204)


def delete_book(call: Call, view: View, target: Target) -> None:
    """An own book is gone for good; a share is given up."""
    if view.shared and view.collection.role == "addressbook":
        view.collection.shares.pop(view.user, None)
        return
    refuse_read_only(view, target)
    for uri in list(view.collection.items):
        cards.delete(call.sandbox, view, uri)
    state.books(call.sandbox).by_id.pop(view.collection.id)


async def move(call: Call, target: Target) -> web.Response:
    destination = locate(call, dav.destination(call))
    keep = call.request.method == "COPY"
    target.found()
    if destination.depth < 3:
        raise DavError(403, "A card must stay in an address book")
    for view, place in ((destination.book(), destination), *(() if keep else ((target.book(), target),))):
        refuse_read_only(view, place)
    refuse_to_overwrite(call, destination.item)
    replaced = cards.move(call.sandbox, target.book(), target.name, destination.book(), destination.name, keep=keep)
    return reply(204 if replaced else 201)


async def mkcol(call: Call, target: Target) -> web.Response:
    if target.view is not None:
        raise already_exists()
    if target.depth != 2:
        raise DavError(405, "The resource you tried to create already exists")
    body = await call.body()
    root = dav.parse(body) if body.strip() else Element("none")
    props = {child.tag: child for child in root.iterfind(f"{DAV}set/{DAV}prop/*")}
    kind = props.pop(f"{DAV}resourcetype", None)
    if kind is None or kind.find(f"{CARD}addressbook") is None:
        message = "Unknown resourceType for this collection"
        raise DavError(403, message, "Sabre\\DAV\\Exception\\InvalidResourceType", "  <d:valid-resourcetype/>\n")
    state.create(call.sandbox, call.uid, target.name, {name: inner_xml(value) for name, value in props.items() if name not in PROTECTED})
    return reply(201)


async def patch(call: Call, target: Target) -> web.Response:
    root = dav.parse(await call.body())
    view = target.book()
    if target.depth != 2:
        raise DavError(403)
    own = writable(view) and not view.shared
    stored = view.collection.props if own else view.collection.views.setdefault(view.user, {})
    entry, names = proppatch(call, root, href(call, "addressbooks", "users", *target.parts), PROTECTED, stored)
    if own and TABLE.intersection(names):
        view.collection.changed()
    return answer(call, [entry])


async def post(call: Call, target: Target) -> web.Response:
    if target.depth == 2 and "xml" in call.header("Content-Type"):
        return share(call, target.book(), dav.parse(await call.body()))
    raise DavError(501, "There was no plugin in the system that was willing to handle this POST method.")


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
    "MKCOL": mkcol,
    "POST": post,
}
