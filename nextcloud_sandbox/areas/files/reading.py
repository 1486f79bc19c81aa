"""GET and HEAD on files, byte ranges, and folders as zip archives."""

import io
import re
import zipfile
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web

from nextcloud_sandbox import dav, preconditions
from nextcloud_sandbox.areas.files.place import FILES, WEBDAV, files_of, find, is_foreign, quoted
from nextcloud_sandbox.calls import Call, html, reply
from nextcloud_sandbox.routing import Routes
from nextcloud_sandbox.tree.nodes import secure_mime
from nextcloud_sandbox.tree.user import Entry, UserFiles

routes = Routes("files")
RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")


@routes.dav("GET HEAD", FILES)
@routes.dav("GET HEAD", WEBDAV)
async def get(call: Call) -> web.StreamResponse:
    if is_foreign(call) and not call.args["path"].strip("/"):
        return html(200, "")
    files = files_of(call)
    entry = find(call, files)
    if entry.node.is_folder:
        wants_zip = "application/zip" in call.header("Accept") or call.request.query.get("accept") == "zip"
        return zipped(files, entry) if wants_zip else html(200, "")
    etag = quoted(entry.node.etag)
    preconditions.check(call, etag, exists=True)
    headers = {
        "Last-Modified": dav.http_date(entry.node.mtime),
        "ETag": etag,
        "OC-ETag": etag,
        "Content-Disposition": disposition(entry.name),
    }
    if entry.node.checksum:
        headers["OC-Checksum"] = entry.node.checksum
    return content(call, entry.node.content, entry.node.mime, headers)


def content(call: Call, data: bytes, mime: str, headers: dict[str, str]) -> web.Response:
    """The bytes, or the asked range of them."""
    mime = secure_mime(mime)
    kind = mime + (";charset=UTF-8" if mime.startswith("text/") else "")
    asked = RANGE.match(call.header("Range").replace(" ", ""))
    if asked is None or not (asked[1] or asked[2]):
        return reply(200, data, kind, headers)
    start, end = span(asked[1], asked[2], len(data))
    if start >= len(data) or start > end:
        message = f"The start offset ({start}) exceeded the size of the entity ({len(data)})"
        raise dav.DavError(416, message, "Sabre\\DAV\\Exception\\RequestedRangeNotSatisfiable")
    return reply(206, data[start : end + 1], kind, {**headers, "Content-Range": f"bytes {start}-{end}/{len(data)}"})


def span(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def disposition(name: str) -> str:
    """Content-Disposition with the name in both forms (RFC 6266)."""
    plain = name.replace('"', "") if name.isascii() else re.sub(r"[^\x20-\x7e]", "_", name).replace('"', "")
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}; filename=\"{plain}\""


def zipped(files: UserFiles, folder: Entry) -> web.Response:
    buffer = io.BytesIO()
    name = folder.name or "download"
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for entry in files.walk(folder.path):
            inside = name + entry.path[len(folder.path.rstrip("/")) :].rstrip("/")
            moment = datetime.fromtimestamp(max(entry.node.mtime, 315_532_800), UTC).timetuple()[:6]
            archive.writestr(zipfile.ZipInfo(inside + ("/" if entry.node.is_folder else ""), moment), entry.node.content)
    headers = {
        "Pragma": "public",
        "Last-Modified": dav.http_date(folder.node.mtime),
        "Expires": "0",
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(f"{name}.zip"),
        "Content-Transfer-Encoding": "binary",
    }
    return reply(200, buffer.getvalue(), "application/zip", headers)
