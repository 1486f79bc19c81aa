"""Where in whose files a request points, and how the tree's errors look over WebDAV."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import unquote
from xml.sax.saxutils import escape

from nextcloud_sandbox import dav
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.tree.nodes import Denied, Exists, InvalidName, Missing, NoParent, TreeError
from nextcloud_sandbox.tree.user import Entry, UserFiles

FILES = "/remote.php/dav/files/{user}{path:(?:/.*)?}"
WEBDAV = "/remote.php/webdav{path:(?:/.*)?}"
ALLOW = "OPTIONS, GET, HEAD, DELETE, PROPFIND, PUT, PROPPATCH, COPY, MOVE, REPORT"
LEGACY_COMPLIANCE = "1, 3, extended-mkcol, nextcloud-checksum-update"


def is_legacy(call: Call) -> bool:
    return call.path.startswith("/remote.php/webdav")


def files_of(call: Call) -> UserFiles:
    """The caller's files. Somebody else's address has nothing in it but an empty root."""
    owner = call.args.get("user", call.uid)
    if owner not in call.sandbox.users:
        raise DavError(404, f"Principal with name {owner} not found")
    if owner != call.uid:
        raise DavError(404, f"File not found: {call.args['path'].strip('/')} in '{owner}'")
    return call.sandbox.files(call.uid)


def is_foreign(call: Call) -> bool:
    return call.args.get("user", call.uid) != call.uid


def href_of(call: Call, entry: Entry) -> str:
    base = "/remote.php/webdav" if is_legacy(call) else f"/remote.php/dav/files/{call.uid}"
    path = "" if entry.path == "/" else entry.path
    return call.href(dav.href(base + path)) + ("/" if entry.node.is_folder else "")


def clean(path: str) -> str:
    return "/" + path.strip("/")


def shown(path: str) -> str:
    """A path in sabre's messages: a second slash in front of what lies in the root."""
    path = clean(path)
    return "/" + path if path.count("/") == 1 else path


def find(call: Call, files: UserFiles) -> Entry:
    entry = files.find(call.args["path"])
    if entry is None:
        raise missing(call.args["path"])
    return entry


def missing(path: str, headers: dict[str, str] | None = None) -> DavError:
    return DavError(404, f"File with name {shown(path)} could not be located", headers=headers)


def target_path(call: Call) -> str:
    """The path of Destination inside the caller's files; the host is ignored."""
    raw = dav.destination(call).removeprefix("/index.php")
    for base in (f"/remote.php/dav/files/{call.uid}/", "/remote.php/webdav/"):
        if unquote(raw).startswith(base):
            return clean(unquote(raw)[len(base) :])
    raise DavError(403, "Permission denied to move or copy to there")


def check_named(call: Call) -> None:
    """The `If` header (RFC 4918 10.4) as far as it names files with their ETags; there are no locks here."""
    for uri, etag in re.findall(r'<([^>]*)>\s*\(\[("[^"]*")\]\)', call.header("If")):
        path = unquote("/" + uri.split("://", 1)[1].partition("/")[2] if "://" in uri else uri).removeprefix(call.sandbox.prefix)
        entry = call.sandbox.files(call.uid).find(path.removeprefix(f"/remote.php/dav/files/{call.uid}"))
        if entry is None or entry.node.is_folder or quoted(entry.node.etag) != etag:
            header = "  <s:header>If</s:header>\n"
            raise DavError(412, "An If header was specified, but none of the specified the conditions matched.", extra=header)


def quoted(etag: str) -> str:
    return f'"{etag}"'


def file_id(call: Call, entry: Entry) -> str:
    """OC-FileId: the id with at least 8 digits and the instance id."""
    return f"{entry.node.id:08d}{call.sandbox.data.instance_id}"


@contextmanager
def tree_errors() -> Generator[None]:
    """Turn the tree's errors into sabre's."""
    try:
        yield
    except InvalidName as error:
        reason = escape(error.message)
        extra = f'  <o:retry xmlns:o="o:">false</o:retry>\n  <o:reason xmlns:o="o:">{reason}</o:reason>\n'
        raise DavError(400, error.message, "OCA\\DAV\\Connector\\Sabre\\Exception\\InvalidPath", extra) from error
    except TreeError as error:
        raise plain(error) from error


def plain(error: TreeError) -> DavError:
    if isinstance(error, Missing):
        return missing(error.path)
    if isinstance(error, NoParent):
        return DavError(409, "The destination node is not found")
    if isinstance(error, Denied):
        return DavError(403, error.message if not error.message.startswith("Denied") else "")
    if isinstance(error, Exists):
        return DavError(409, error.message)
    return DavError(500, error.message)
