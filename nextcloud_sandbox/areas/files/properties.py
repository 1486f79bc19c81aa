"""The DAV properties of files and folders. A function gives the inner XML, or None where the property does not exist (404)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nextcloud_sandbox.areas.files import comments, tags
from nextcloud_sandbox.areas.files.place import file_id, href_of
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import DAV, NC, OC, Propfind, http_date, text
from nextcloud_sandbox.dav import Entry as Answer
from nextcloud_sandbox.tree.nodes import CREATE, DELETE, SHARE, UPDATE, secure_mime
from nextcloud_sandbox.tree.user import Entry, UserFiles

SHARE_PERMISSIONS = "{http://open-collaboration-services.org/ns}share-permissions"
EPOCH = "1970-01-01T00:00:00+00:00"


@dataclass
class Context:
    """What the properties of many entries share."""

    call: Call
    files: UserFiles

    @cached_property
    def table(self) -> "dict[str, Property]":
        table = dict(TABLE)
        for area in self.call.sandbox.areas:
            for name, function in (area.file_properties or {}).items() if area.name in self.call.sandbox.enabled else ():
                table[name] = lambda context, entry, function=function: function(context.call, entry)
        return table

    def answer(self, entry: Entry, asked: Propfind, href: str | None = None) -> Answer:
        """The d:response of one entry, with only the asked properties worked out; `href` is for those who have no files of their own."""
        found: dict[str, str] = {}
        missing: list[str] = []
        for name in self.names(entry, asked):
            function = self.table.get(name)
            value = function(self, entry) if function else entry.node.properties.get(name)
            if value is not None:
                found[name] = "" if asked.propname else value
            elif asked.names is not None:
                missing.append(name)
        return Answer(href or href_of(self.call, entry), found, missing)

    def names(self, entry: Entry, asked: Propfind) -> Iterable[str]:
        if asked.propname:
            return [*TABLE, *entry.node.properties]
        return asked.names if asked.names is not None else [*ALLPROP, *entry.node.properties]


Property = Callable[[Context, Entry], str | None]


def permissions(context: Context, entry: Entry) -> str:
    """The letters of oc:permissions."""
    bits, node = entry.permissions, entry.node
    kind = entry.mount.kind if entry.mount else ""
    out = ("S" if kind == "shared" else "") + ("R" if bits & SHARE else "") + ("M" if kind not in ("", "shared") else "") + "G"
    movable = not (entry.is_mount_root and entry.listed) or kind == "shared"
    out += ("D" if movable and (bits & DELETE or entry.is_mount_root) else "") + (
        "NV" if movable and (bits & UPDATE or entry.is_mount_root) else ""
    )
    if node.is_folder:
        return out + ("CK" if bits & CREATE else "")
    return out + ("W" if bits & UPDATE else "")


def has_preview(entry: Entry) -> str:
    mime = entry.node.mime
    kinds = mime.startswith("image/") or mime in ("text/plain", "text/markdown")
    return "true" if kinds and entry.node.size else "false"


def content_type(context: Context, entry: Entry) -> str:
    mime = entry.node.mime
    return mime if context.call.request.method == "PROPFIND" else secure_mime(mime)


def checksums(context: Context, entry: Entry) -> str | None:
    return f"<oc:checksum>{text(entry.node.checksum)}</oc:checksum>" if entry.node.checksum else None


def owner_name(context: Context, entry: Entry) -> str:
    owner = context.call.sandbox.users.get(entry.node.owner)
    return text(owner.display_name if owner else entry.node.owner)


def folder(value: Callable[[Context, Entry], Any]) -> Property:
    return lambda context, entry: text(value(context, entry)) if entry.node.is_folder else None


def file(value: Callable[[Context, Entry], Any]) -> Property:
    return lambda context, entry: text(value(context, entry)) if not entry.node.is_folder else None


def count(context: Context, entry: Entry, *, folders: bool) -> int:
    return sum(child.node.is_folder is folders for child in context.files.children(entry.path))


TABLE: dict[str, Property] = {
    f"{DAV}getlastmodified": lambda context, entry: http_date(entry.node.mtime),
    f"{DAV}getcontentlength": file(lambda context, entry: entry.node.size),
    f"{DAV}resourcetype": lambda context, entry: "<d:collection/>" if entry.node.is_folder else "",
    f"{DAV}quota-used-bytes": folder(lambda context, entry: entry.node.size),
    f"{DAV}quota-available-bytes": folder(lambda context, entry: -3),
    f"{DAV}getetag": lambda context, entry: f"&quot;{context.files.etag(entry)}&quot;",
    f"{DAV}getcontenttype": file(content_type),
    f"{DAV}displayname": lambda context, entry: text(entry.name or context.files.user),
    f"{DAV}creationdate": lambda context, entry: EPOCH,
    f"{OC}id": lambda context, entry: file_id(context.call, entry),
    f"{OC}fileid": lambda context, entry: str(entry.node.id),
    f"{OC}permissions": permissions,
    f"{OC}size": lambda context, entry: str(entry.node.size),
    f"{OC}favorite": lambda context, entry: "1" if context.files.is_favorite(entry.node) else "0",
    f"{OC}tags": lambda context, entry: "",
    f"{OC}checksums": checksums,
    f"{OC}owner-id": lambda context, entry: text(entry.node.owner),
    f"{OC}owner-display-name": owner_name,
    f"{OC}share-types": lambda context, entry: "",
    f"{OC}comments-count": lambda context, entry: str(comments.count(context.call, entry.node.id)),
    f"{OC}comments-unread": lambda context, entry: str(comments.unread(context.call, entry.node.id)),
    f"{OC}comments-href": lambda context, entry: context.call.href(f"/remote.php/dav/comments/files/{entry.node.id}"),
    f"{OC}downloadURL": file(lambda context, entry: ""),
    f"{NC}has-preview": lambda context, entry: has_preview(entry),
    f"{NC}mount-type": lambda context, entry: text(entry.mount.kind) if entry.mount else "",
    f"{NC}is-mount-root": lambda context, entry: "true" if entry.is_mount_root else "false",
    f"{NC}system-tags": lambda context, entry: tags.of_file_xml(context.call, entry.node.id),
    f"{NC}sharees": lambda context, entry: "",
    f"{NC}contained-folder-count": folder(lambda context, entry: count(context, entry, folders=True)),
    f"{NC}contained-file-count": folder(lambda context, entry: count(context, entry, folders=False)),
    f"{NC}creation_time": lambda context, entry: str(entry.node.created),
    f"{NC}upload_time": file(lambda context, entry: entry.node.uploaded),
    f"{NC}hidden": lambda context, entry: "false",
    SHARE_PERMISSIONS: lambda context, entry: str(entry.permissions & ~(0 if entry.node.is_folder else CREATE | DELETE)),
}
ALLPROP = [
    f"{DAV}{name}"
    for name in (
        "getlastmodified",
        "getcontentlength",
        "resourcetype",
        "quota-used-bytes",
        "quota-available-bytes",
        "getetag",
        "getcontenttype",
    )
]
PROTECTED = frozenset(TABLE) - {f"{OC}favorite", f"{NC}creation_time", f"{DAV}getlastmodified"}
