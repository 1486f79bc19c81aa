"""Collaborative tags ("system tags") and which file has which."""

from dataclasses import dataclass, field

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.calls import Call, html
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import DAV, NC, OC, DavError
from nextcloud_sandbox.routing import Routes

routes = Routes("files")
TAGS = "/remote.php/dav/systemtags{slash:/?}"
TAG = "/remote.php/dav/systemtags/{tag}{slash:/?}"
TAGGED = "/remote.php/dav/systemtags/{tag}/files{slash:/?}"
RELATIONS = "/remote.php/dav/systemtags-relations/files/{id:\\d+}{slash:/?}"
RELATION = "/remote.php/dav/systemtags-relations/files/{id:\\d+}/{tag}{slash:/?}"
NAMES: tuple[str, ...] = (f"{OC}id", f"{OC}display-name", f"{OC}user-visible", f"{OC}user-assignable", f"{OC}can-assign", f"{NC}color")


@dataclass(slots=True)
class Tag:
    id: int
    name: str
    visible: bool = True
    assignable: bool = True
    color: str = ""


@dataclass
class Tags:
    """All tags by id, the tags of each file, and the last id given."""

    by_id: dict[int, Tag] = field(default_factory=dict[int, Tag])
    of_file: dict[int, set[int]] = field(default_factory=dict[int, set[int]])
    last: int = 0

    def find(self, name: str, visible: bool, assignable: bool) -> Tag | None:
        same = (tag for tag in self.by_id.values() if (tag.name, tag.visible, tag.assignable) == (name, visible, assignable))
        return next(same, None)

    def create(self, name: str, visible: bool = True, assignable: bool = True, color: str = "") -> Tag:
        """A new tag; 409 when there is the same."""
        if self.find(name, visible, assignable):
            raise DavError(409, "Tag already exists")
        self.last += 1
        tag = self.by_id[self.last] = Tag(self.last, name, visible, assignable, color)
        return tag

    def assign(self, file: int, tag: Tag) -> None:
        self.of_file.setdefault(file, set()).add(tag.id)

    def remove(self, tag: Tag) -> None:
        del self.by_id[tag.id]
        for tags in self.of_file.values():
            tags.discard(tag.id)


def tags_of(sandbox: Sandbox) -> Tags:
    return sandbox.slot("systemtags", Tags)


def kept(call: Call) -> Tags:
    return tags_of(call.sandbox)


def tagged(call: Call, tag_id: str) -> set[int]:
    """The files with a tag."""
    tags = kept(call)
    if not tag_id.isdigit() or int(tag_id) not in tags.by_id:
        raise DavError(412, "Cannot filter by non-existing tag")
    return {file for file, of_file in tags.of_file.items() if int(tag_id) in of_file}


def of_file_xml(call: Call, file: int) -> str:
    tags = kept(call)
    found = sorted(tags.of_file.get(file, ()))
    return "".join(tag_xml(call, tags.by_id[tag]) for tag in found if tags.by_id[tag].visible or call.is_admin)


def tag_xml(call: Call, tag: Tag) -> str:
    values = {
        "oc:can-assign": yes(can_assign(call, tag)),
        "oc:id": str(tag.id),
        "oc:user-assignable": yes(tag.assignable),
        "oc:user-visible": yes(tag.visible),
        "nc:color": dav.text(tag.color),
    }
    attributes = " ".join(f'{name}="{value}"' for name, value in values.items())
    return f"<nc:system-tag {attributes}>{dav.text(tag.name)}</nc:system-tag>"


def yes(value: bool) -> str:
    return "true" if value else "false"


def can_assign(call: Call, tag: Tag) -> bool:
    return call.is_admin or (tag.visible and tag.assignable)


def find(call: Call) -> Tag:
    raw = call.args["tag"]
    tag = kept(call).by_id.get(int(raw)) if raw.isdigit() else None
    if tag is None or not (tag.visible or call.is_admin):
        raise DavError(404, f"Tag with id {raw} not found")
    return tag


def file_of(call: Call) -> int:
    file = int(call.args["id"])
    if call.sandbox.files(call.uid).by_id(file) is None:
        raise DavError(404, "Entity does not exist or is not available")
    return file


async def create_from(call: Call) -> Tag:
    if "application/json" not in call.header("Content-Type"):
        raise DavError(415)
    values = await call.params()
    name = values.text("name").strip()
    if not name:
        raise DavError(400, 'Missing "name" attribute')
    visible, assignable = values.flag("userVisible", True), values.flag("userAssignable", True)
    if not (visible and assignable) and not call.is_admin:
        raise DavError(400, "Not sufficient permissions")
    return kept(call).create(name, visible, assignable)


@routes.dav("POST", TAGS)
async def create(call: Call) -> web.StreamResponse:
    tag = await create_from(call)
    return html(201, "", {"Content-Location": call.href(f"/remote.php/dav/systemtags/{tag.id}")})


@routes.dav("POST", RELATIONS)
async def create_and_assign(call: Call) -> web.StreamResponse:
    file = file_of(call)
    tag = await create_from(call)
    kept(call).assign(file, tag)
    return html(201, "", {"Content-Location": call.href(f"/remote.php/dav/systemtags/{tag.id}")})


def entry(call: Call, href: str, asked: dav.Propfind, tag: Tag | None) -> dav.Entry:
    properties: dict[str, str] = {} if tag is None else dict(zip(NAMES, values_of(call, tag), strict=True))
    properties[f"{DAV}resourcetype"] = "" if tag else "<d:collection/>"
    found, missing = dav.select(asked, properties, [f"{DAV}resourcetype"])
    return dav.Entry(href, found, missing)


def values_of(call: Call, tag: Tag) -> tuple[str, ...]:
    flags = (yes(tag.visible), yes(tag.assignable), yes(can_assign(call, tag)))
    return (str(tag.id), dav.text(tag.name), *flags, dav.text(tag.color))


@routes.dav("PROPFIND", TAGS)
async def listing(call: Call) -> web.StreamResponse:
    asked = dav.parse_propfind(await call.body())
    base = call.href("/remote.php/dav/systemtags/")
    entries = [entry(call, base, asked, None)]
    if dav.depth(call) != "0":
        shown = [tag for tag in kept(call).by_id.values() if tag.visible or call.is_admin]
        entries += [entry(call, f"{base}{tag.id}/", asked, tag) for tag in shown]
    return dav.multistatus(entries)


@routes.dav("PROPFIND", TAG)
async def one(call: Call) -> web.StreamResponse:
    asked, tag = dav.parse_propfind(await call.body()), find(call)
    return dav.multistatus([entry(call, call.href(f"/remote.php/dav/systemtags/{tag.id}/"), asked, tag)])


@routes.dav("PROPFIND", TAGGED)
async def tagged_files(call: Call) -> web.StreamResponse:
    """The ids of all files with a tag, of everybody and in the trash too; 404 until any file has any tag."""
    asked, tag = dav.parse_propfind(await call.body()), find(call)
    of_file = kept(call).of_file
    if not any(of_file.values()):
        raise DavError(404, "File not found: files in '" + str(tag.id) + "'")
    ids = (f"<nc:object-ids><nc:id>{file}</nc:id><nc:type>files</nc:type></nc:object-ids>" for file in of_file if tag.id in of_file[file])
    properties = {f"{OC}id": str(tag.id), f"{NC}object-ids": "".join(ids)}
    found, missing = dav.select(asked, properties, list(properties))
    return dav.multistatus([dav.Entry(call.href(f"/remote.php/dav/systemtags/{tag.id}/files"), found, missing)])


@routes.dav("PROPPATCH", TAG)
async def edit(call: Call) -> web.StreamResponse:
    tag = find(call)
    updates = dav.parse_proppatch(dav.parse(await call.body()))
    if not can_assign(call, tag):
        raise DavError(403, f"No permission to update tag {tag.id}")
    for name, element in updates:
        value = (element.text or "") if element is not None else ""
        if name == f"{OC}display-name" and value:
            tag.name = value
        elif name == f"{NC}color":
            tag.color = value
    response = dav.multistatus([dav.Entry(call.href(call.path), dict.fromkeys((name for name, _ in updates), ""))])
    del response.headers["DAV"]
    return response


@routes.dav("DELETE", TAG)
async def delete(call: Call) -> web.StreamResponse:
    tag = find(call)
    if not call.is_admin:
        raise DavError(403, f"No permission to delete tag {tag.id}")
    kept(call).remove(tag)
    return html(204, "")


@routes.dav("PROPFIND", RELATIONS)
async def relations(call: Call) -> web.StreamResponse:
    asked = dav.parse_propfind(await call.body())
    file, tags = file_of(call), kept(call)
    base = call.href(f"/remote.php/dav/systemtags-relations/files/{file}/")
    entries = [entry(call, base, asked, None)]
    if dav.depth(call) != "0":
        entries += [entry(call, f"{base}{tag}", asked, tags.by_id[tag]) for tag in sorted(tags.of_file.get(file, ()))]
    return dav.multistatus(entries)


@routes.dav("PUT", RELATION)
async def assign(call: Call) -> web.StreamResponse:
    file, tag, tags = file_of(call), find(call), kept(call)
    if tag.id in tags.of_file.get(file, ()):
        raise DavError(409, "PUT is not allowed on non-files.")
    if not can_assign(call, tag):
        raise DavError(403, f"No permission to assign tag {tag.id}")
    tags.assign(file, tag)
    call.sandbox.emit("tag.assigned", call.uid, file=file, tag=tag.id)
    return html(201, "")


@routes.dav("DELETE", RELATION)
async def unassign(call: Call) -> web.StreamResponse:
    file, tag, tags = file_of(call), find(call), kept(call)
    if tag.id not in tags.of_file.get(file, ()):
        raise DavError(404, f"Tag with id {tag.id} not present on object {file}")
    tags.of_file[file].discard(tag.id)
    call.sandbox.emit("tag.unassigned", call.uid, file=file, tag=tag.id)
    return html(204, "")
