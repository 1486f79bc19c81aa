"""SEARCH (RFC 5323, basicsearch) on the DAV root, and the filter-files report."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.areas.files import tags
from nextcloud_sandbox.areas.files.patch import seconds
from nextcloud_sandbox.areas.files.place import FILES, WEBDAV, files_of, find
from nextcloud_sandbox.areas.files.properties import TABLE, Context
from nextcloud_sandbox.calls import Call, Refusal, reply
from nextcloud_sandbox.dav import DAV, NC, OC, DavError
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.user import Entry, UserFiles

routes = Routes("files")
SEARCH_XML = 'application/xml; charset="utf-8"'
FIRST = "{https://github.com/icewind1991/SearchDAV/ns}firstresult"
Test = Callable[[Entry], bool]
Value = Callable[[UserFiles, Entry], Any]

VALUES: dict[str, Value] = {
    f"{DAV}displayname": lambda files, entry: entry.name,
    f"{DAV}getcontenttype": lambda files, entry: entry.node.mime,
    f"{DAV}getlastmodified": lambda files, entry: entry.node.mtime,
    f"{DAV}creationdate": lambda files, entry: entry.node.created,
    f"{NC}creation_time": lambda files, entry: entry.node.created,
    f"{NC}upload_time": lambda files, entry: entry.node.uploaded,
    f"{NC}last_activity": lambda files, entry: max(entry.node.mtime, entry.node.uploaded),
    f"{OC}size": lambda files, entry: entry.node.size,
    f"{OC}favorite": lambda files, entry: files.is_favorite(entry.node),
    f"{OC}fileid": lambda files, entry: entry.node.id,
    f"{OC}owner-id": lambda files, entry: entry.node.owner,
}
TIMES = frozenset({f"{DAV}getlastmodified", f"{DAV}creationdate", f"{NC}creation_time", f"{NC}upload_time", f"{NC}last_activity"})


def bad_property() -> Refusal:
    return Refusal(reply(400, b"requested search property is not a valid property for this scope", SEARCH_XML))


@routes.dav("SEARCH", "/remote.php/dav{slash:/?}")
async def search(call: Call) -> web.StreamResponse:
    basic = dav.parse(await call.body()).find(f"{DAV}basicsearch")
    if basic is None:
        raise DavError(400, "The xml request body is not a valid search")
    files = call.sandbox.files(call.uid)
    where = basic.find(f"{DAV}where")
    tests = [condition(files, child) for child in (where if where is not None else ())]
    found = [entry for entry in scope(call, files, basic) if all(test(entry) for test in tests)]
    order(files, basic, found)
    first, count = limits(basic)
    page = found[first : first + count if count is not None else None]
    asked = dav.Propfind([child.tag for child in basic.iterfind(f"{DAV}select/{DAV}prop/*")])
    context = Context(call, files)
    response = dav.multistatus(context.answer(entry, asked) for entry in page)
    del response.headers["DAV"], response.headers["Vary"]
    response.headers["Content-Type"] = SEARCH_XML
    return response


def scope(call: Call, files: UserFiles, basic: Element) -> Iterable[Entry]:
    href = basic.findtext(f"{DAV}from/{DAV}scope/{DAV}href") or ""
    # Only an address with a host is decoded (SearchDAV's PathHelper).
    path = unquote(href).partition("/remote.php/dav")[2] if "://" in href else href
    base = f"/files/{call.uid}"
    if not (path == base or path.startswith(base + "/")):
        raise DavError(500, "Search is only supported on directories", "InvalidArgumentException")
    folder = files.find(path[len(base) :])
    if folder is None or not folder.node.is_folder:
        raise DavError(500, "Search is only supported on directories", "InvalidArgumentException")
    depth = basic.findtext(f"{DAV}from/{DAV}scope/{DAV}depth") or "infinity"
    if depth == "0":
        return [folder]
    if depth == "1":
        return files.children(folder.path)
    return (entry for entry in files.walk(folder.path) if entry.path != folder.path)


def condition(files: UserFiles, element: Element) -> Test:
    """One operator of d:where as a test."""
    name = element.tag.removeprefix(DAV)
    if name in ("and", "or", "not"):
        return combined(name, [condition(files, child) for child in element])
    if name == "is-collection":
        return lambda entry: entry.node.is_folder
    prop = next(iter(element.find(f"{DAV}prop") or ()), None)
    if prop is None or prop.tag not in VALUES:
        raise bad_property()
    return comparison(files, name, prop.tag, element.findtext(f"{DAV}literal") or "")


def combined(name: str, tests: list[Test]) -> Test:
    if name == "and":
        return lambda entry: all(test(entry) for test in tests)
    if name == "or":
        return lambda entry: any(test(entry) for test in tests)
    return lambda entry: not any(test(entry) for test in tests)


def comparison(files: UserFiles, operator: str, name: str, literal: str) -> Test:
    value = VALUES[name]
    if operator in ("like", "contains"):
        pattern = like(literal if operator == "like" else f"%{literal}%")
        return lambda entry: pattern.match(str(value(files, entry))) is not None
    wanted = typed(name, literal)
    checks: dict[str, Callable[[Any], bool]] = {
        "eq": lambda found: found == wanted,
        "gt": lambda found: found > wanted,
        "gte": lambda found: found >= wanted,
        "lt": lambda found: found < wanted,
        "lte": lambda found: found <= wanted,
    }
    check = checks.get(operator)
    if check is None:
        raise DavError(400, f"Unsupported operator {operator}")
    return lambda entry: check(value(files, entry))


def typed(name: str, literal: str) -> Any:
    if name in TIMES:
        return seconds(literal)
    if name == f"{OC}favorite":
        return literal in ("1", "true", "yes")
    if name in (f"{OC}size", f"{OC}fileid"):
        return int(literal) if literal.lstrip("-").isdigit() else 0
    return literal


def like(literal: str) -> re.Pattern[str]:
    """SQL's LIKE, any case."""
    parts = [{"%": ".*", "_": "."}.get(piece, re.escape(piece)) for piece in re.split(r"([%_])", literal)]
    return re.compile("".join(parts) + r"\Z", re.IGNORECASE | re.DOTALL)


def order(files: UserFiles, basic: Element, found: list[Entry]) -> None:
    for one in reversed(basic.findall(f"{DAV}orderby/{DAV}order")):
        prop = next(iter(one.find(f"{DAV}prop") or ()), None)
        if prop is None or prop.tag not in VALUES:
            raise bad_property()
        value = VALUES[prop.tag]
        found.sort(key=lambda entry, value=value: value(files, entry), reverse=one.find(f"{DAV}descending") is not None)


def limits(basic: Element) -> tuple[int, int | None]:
    count = basic.findtext(f"{DAV}limit/{DAV}nresults")
    return int(basic.findtext(f"{DAV}limit/{FIRST}") or 0), int(count) if count else None


@routes.dav("REPORT", FILES)
@routes.dav("REPORT", WEBDAV)
async def filter_files(call: Call) -> web.StreamResponse:
    root = dav.parse(await call.body())
    files = files_of(call)
    folder = find(call, files)
    if root.tag != f"{OC}filter-files":
        raise DavError(415, f"The {root.tag} REPORT is not supported on this url", "Sabre\\DAV\\Exception\\ReportNotSupported")
    wanted = by_rules(call, files, root)
    base = folder.path.rstrip("/") + "/"
    found = [entry for entry in files.walk(folder.path) if entry.node.id in wanted and entry.path.startswith(base) and entry.path != "/"]
    asked = dav.Propfind([child.tag for child in root.iterfind(f"{DAV}prop/*")] or list(TABLE))
    context = Context(call, files)
    response = dav.multistatus(context.answer(entry, asked) for entry in found)
    del response.headers["DAV"], response.headers["Vary"]
    return response


def by_rules(call: Call, files: UserFiles, root: Element) -> set[int]:
    """The ids that all rules allow."""
    sets: list[set[int]] = []
    for rule in root.iterfind(f"{OC}filter-rules/*"):
        if rule.tag == f"{OC}favorite":
            favorites = files.store.favorites.get(files.user, set())
            sets.append(set(favorites) if rule.text in ("1", "true") else set(files.store.nodes) - favorites)
        elif rule.tag == f"{OC}systemtag":
            sets.append(tags.tagged(call, rule.text or ""))
    if not sets:
        raise DavError(400, "Missing filter-name element")
    return {node for node in sets[0] if all(node in others for others in sets[1:])}
