"""Comments on files."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from nextcloud_sandbox import dav
from nextcloud_sandbox.calls import Call, html
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import DAV, OC, DavError
from nextcloud_sandbox.routing import Routes

routes = Routes("files")
COLLECTION = "/remote.php/dav/comments/files/{id:\\d+}{slash:/?}"
ONE = "/remote.php/dav/comments/files/{id:\\d+}/{comment:\\d+}{slash:/?}"
LONGEST = 1000
MENTION = re.compile(r'@(?:"([^"]+)"|([\w.-]+))')
EMPTY = ("latestChildDateTime", "referenceId", "metaData", "reactions", "expireDate")


@dataclass(slots=True)
class Comment:
    """`created` is in unix seconds; `actor` is a user id; `file` a file id."""

    id: int
    file: int
    actor: str
    message: str
    created: int
    verb: str = "comment"


@dataclass
class Comments:
    """All comments by id, in the order they were made, and per (user, file) until when they were read."""

    by_id: dict[int, Comment] = field(default_factory=dict[int, Comment])
    read: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    last: int = 0

    def of(self, file: int) -> list[Comment]:
        """The comments of a file, the newest first."""
        return [comment for comment in reversed(self.by_id.values()) if comment.file == file]


def kept(call: Call) -> Comments:
    return call.sandbox.slot("comments", Comments)


def count(call: Call, file: int) -> int:
    return len(kept(call).of(file))


def unread(call: Call, file: int) -> int:
    until = kept(call).read.get((call.uid, file), -1)
    return sum(comment.created > until for comment in kept(call).of(file))


def file_of(call: Call) -> int:
    """The file's id, when the caller can see the file."""
    file = int(call.args["id"])
    if call.sandbox.files(call.uid).by_id(file) is None:
        headers = {"DAV": dav.COMPLIANCE, "Vary": "Brief,Prefer"} if call.request.method == "PROPFIND" else {}
        raise DavError(404, "Entity does not exist or is not available", headers=headers)
    return file


def comment_of(call: Call) -> Comment:
    comment = kept(call).by_id.get(int(call.args["comment"]))
    if comment is None or comment.file != file_of(call):
        raise DavError(404, f"File not found: {call.args['comment']} in '{call.args['id']}'")
    return comment


def own_comment(call: Call) -> Comment:
    comment = comment_of(call)
    if comment.actor != call.uid:
        raise DavError(403, "Only authors are allowed to edit their comment.")
    return comment


def checked(message: str) -> str:
    message = message.strip()
    if len(message) > LONGEST:
        raise DavError(400, f"Message exceeds allowed character limit of {LONGEST}")
    return message


@routes.dav("POST", COLLECTION)
async def create(call: Call) -> web.StreamResponse:
    file = file_of(call)
    if "application/json" not in call.header("Content-Type"):
        raise DavError(415)
    values = await call.params()
    if not values.text("verb") or not values.text("message").strip():
        raise DavError(400, "Invalid input values")
    comment = add(call.sandbox, call.uid, file, values.text("message"), values.text("verb"))
    path = call.href(f"/remote.php/dav/comments/files/{file}/{comment.id}")
    return html(201, "", {"Content-Location": path})


def add(sandbox: Sandbox, user: str, file: int, message: str, verb: str = "comment") -> Comment:
    """A new comment by `user`, who has then read all others."""
    comments, now = sandbox.slot("comments", Comments), int(sandbox.now())
    comments.last += 1
    comment = Comment(comments.last, file, user, checked(message), now, verb)
    comments.by_id[comment.id] = comment
    comments.read[user, file] = now
    sandbox.emit("comment.created", user, file=file, comment=comment.id)
    return comment


@routes.dav("PROPFIND", COLLECTION)
async def listing(call: Call) -> web.StreamResponse:
    asked = dav.parse_propfind(await call.body())
    file = file_of(call)
    entries = [collection_entry(call, file, asked)]
    if dav.depth(call) != "0":
        entries += [comment_entry(call, comment, asked, report=False) for comment in kept(call).of(file)]
    return dav.multistatus(entries)


@routes.dav("PROPFIND", ONE)
async def one(call: Call) -> web.StreamResponse:
    asked = dav.parse_propfind(await call.body())
    return dav.multistatus([comment_entry(call, comment_of(call), asked, report=False)])


def collection_entry(call: Call, file: int, asked: dav.Propfind) -> dav.Entry:
    until = kept(call).read.get((call.uid, file))
    properties = {f"{DAV}resourcetype": "<d:collection/>"} | ({f"{OC}readMarker": dav.http_date(until)} if until is not None else {})
    found, missing = dav.select(asked, properties, properties)
    return dav.Entry(call.href(f"/remote.php/dav/comments/files/{file}/"), found, missing)


def comment_entry(call: Call, comment: Comment, asked: dav.Propfind, *, report: bool) -> dav.Entry:
    properties = properties_of(call, comment)
    if report:
        shown = {name: value for name, value in properties.items() if name not in REPORT_LACKS}
    else:
        shown = {f"{DAV}resourcetype": "", **properties}
    found, missing = dav.select(asked, shown, shown)
    return dav.Entry(call.href(f"/remote.php/dav/comments/files/{comment.file}/{comment.id}"), found, missing)


REPORT_LACKS = frozenset({f"{OC}referenceId", f"{OC}metaData", f"{OC}reactions", f"{OC}expireDate"})


def properties_of(call: Call, comment: Comment) -> dict[str, str]:
    actor = call.sandbox.users.get(comment.actor)
    until = kept(call).read.get((call.uid, comment.file), -1)
    values = {
        "id": str(comment.id),
        "parentId": "0",
        "topmostParentId": "0",
        "childrenCount": "0",
        "message": dav.text(comment.message),
        "verb": dav.text(comment.verb),
        "actorType": "users" if actor else "deleted_users",
        "actorId": dav.text(comment.actor),
        "creationDateTime": dav.http_date(comment.created),
        "objectType": "files",
        "objectId": str(comment.file),
        **dict.fromkeys(EMPTY, ""),
        "actorDisplayName": dav.text(actor.display_name if actor else comment.actor),
        "mentions": mentions(call, comment.message),
        "isUnread": "true" if comment.created > until else "false",
    }
    return {OC + name: value for name, value in values.items()}


def mentions(call: Call, message: str) -> str:
    users = call.sandbox.users
    names = dict.fromkeys(match[1] or match[2] for match in MENTION.finditer(message))
    return "".join(
        f"<oc:mention><oc:mentionType>user</oc:mentionType><oc:mentionId>{dav.text(name)}</oc:mentionId>"
        f"<oc:mentionDisplayName>{dav.text(users[name].display_name)}</oc:mentionDisplayName></oc:mention>"
        for name in names
        if name in users
    )


@routes.dav("REPORT", COLLECTION)
async def report(call: Call) -> web.StreamResponse:
    root = dav.parse(await call.body())
    found = kept(call).of(file_of(call))
    since = root.findtext(f"{OC}datetime")
    if since:
        found = [comment for comment in found if comment.created > datetime.fromisoformat(since).timestamp()]
    offset = int(root.findtext(f"{OC}offset") or 0)
    limit = int(root.findtext(f"{OC}limit") or 0) or len(found)
    page = found[offset : offset + limit]
    response = dav.multistatus(comment_entry(call, comment, dav.Propfind(), report=True) for comment in page)
    del response.headers["DAV"], response.headers["Vary"]
    return response


@routes.dav("PROPPATCH", COLLECTION)
async def mark_read(call: Call) -> web.StreamResponse:
    file = file_of(call)
    for name, element in dav.parse_proppatch(dav.parse(await call.body())):
        if name == f"{OC}readMarker" and element is not None:
            kept(call).read[call.uid, file] = (
                int(datetime.fromisoformat(element.text or "").timestamp()) if element.text else int(call.sandbox.now())
            )
    return patched(call, f"{OC}readMarker")


@routes.dav("PROPPATCH", ONE)
async def edit(call: Call) -> web.StreamResponse:
    comment = own_comment(call)
    for name, element in dav.parse_proppatch(dav.parse(await call.body())):
        if name == f"{OC}message" and element is not None:
            comment.message = checked(element.text or "")
    return patched(call, f"{OC}message")


def patched(call: Call, name: str) -> web.Response:
    response = dav.multistatus([dav.Entry(call.href(call.path), {name: ""})])
    del response.headers["DAV"]
    return response


@routes.dav("DELETE", ONE)
async def delete(call: Call) -> web.StreamResponse:
    comment = own_comment(call)
    del kept(call).by_id[comment.id]
    return html(204, "")
