"""REPORT on address books: query, multiget, synchronisation."""

from xml.etree.ElementTree import Element

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.carddav.locate import BASE, Target, locate
from nextcloud_sandbox.areas.carddav.properties import CARD_GETTERS
from nextcloud_sandbox.areas.carddav.query import parse_filter
from nextcloud_sandbox.areas.carddav.vcard import JCARD, V3, V4, convert
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import CARD, DAV, Propfind
from nextcloud_sandbox.groupware.davxml import Getter, answer, child_text, href, member, names_in, sync_collection, text, unsupported_report
from nextcloud_sandbox.groupware.members import multiget


async def report(call: Call, target: Target) -> web.Response:
    root = dav.parse(await call.body())
    if root.tag == f"{CARD}addressbook-query":
        return addressbook_query(call, target, root)
    if root.tag == f"{CARD}addressbook-multiget":
        return multiget(call, root, BASE, locate, lambda _: getters_for(root))
    if root.tag == f"{DAV}sync-collection":
        return sync(call, target, root)
    raise unsupported_report(f"The {root.tag} report is not supported on this url")


def getters_for(root: Element) -> dict[str, Getter]:
    """The getters of cards, with address-data in the form and with the properties that the report names."""
    wanted = root.find(f"{DAV}prop/{CARD}address-data")
    if wanted is None:
        return CARD_GETTERS
    only = {child.get("name", "").upper() for child in wanted.findall(f"{CARD}prop")} or None
    version = V4 if wanted.get("version") == "4.0" else V3
    form = JCARD if "json" in wanted.get("content-type", "") else version
    return {**CARD_GETTERS, f"{CARD}address-data": lambda item: text(convert(item.data, form, only))}


def addressbook_query(call: Call, target: Target, root: Element) -> web.Response:
    if dav.depth(call, "0") == "0" and target.item is None:
        raise unsupported_report("The addressbook-query report is not supported on this url with Depth: 0")
    wanted = parse_filter(root)
    limit = child_text(root.find(f"{CARD}limit"), f"{CARD}nresults")
    candidates = [target.item] if target.item else list(target.book().collection.items.values())
    found = [item for item in candidates if wanted.holds(item.component)][: int(limit) if limit.isdecimal() else None]
    base = href(call, "addressbooks", "users", *target.parts[:2], "")
    asked, getters = Propfind(names_in(root)), getters_for(root)
    return answer(call, [member(base + dav.href(item.uri), item, getters, asked) for item in found])


def sync(call: Call, target: Target, root: Element) -> web.Response:
    if len(target.parts) != 2 or target.book().collection.role == "recent":
        raise unsupported_report("The {DAV:}sync-collection report is not supported on this url")
    return sync_collection(call, target.book().collection, root, href(call, "addressbooks", "users", *target.parts, ""), CARD_GETTERS)
