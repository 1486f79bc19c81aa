"""Files on cards: uploaded into the folder Deck, or shared into the card (share type 12). Only version 1.1 of the API shows them."""

from typing import Any

from aiohttp import web
from aiohttp.multipart import BodyPartReader

from nextcloud_sandbox import ocs
from nextcloud_sandbox.areas.deck.checks import CARD, Desk, route
from nextcloud_sandbox.areas.deck.state import EDIT, Attachment, Card, Decks, Denied, Problem
from nextcloud_sandbox.calls import Call, reply
from nextcloud_sandbox.routing import Family, Routes

routes = Routes("deck")
# Other kinds of shares have this address too, so it must not vanish with Deck.
shares = Routes("core")
FILES = CARD + "/attachments"
SHARES = "/apps/files_sharing/api/v1/shares"
DECK_SHARE = 12
FOLDER = "/Deck"


@route(routes, "GET", FILES)
async def listing(desk: Desk) -> Any:
    card = desk.decks.card(desk.id("cardId"), desk.user)
    return [] if desk.call.args["version"] == "1.0" else desk.records.attachments(card)


@route(routes, "POST", FILES)
async def upload(desk: Desk) -> Any:
    card = desk.decks.card(desk.id("cardId"), desk.user, EDIT)
    name, content = await uploaded(desk.call)
    files = desk.call.sandbox.files(desk.user)
    if not files.exists(FOLDER):
        files.mkdir(FOLDER)
    path = free(f"{FOLDER}/{name}", files.exists)
    files.write(path, content)
    return desk.records.attachment(card, attach(desk.decks, card, desk.user, files.get(path).node.id))


async def uploaded(call: Call) -> tuple[str, bytes]:
    """Name and content of the form's field "file"."""
    if call.request.content_type.startswith("multipart/"):
        async for part in await call.request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "file":
                return part.filename or "file", bytes(await part.read())
    raise Problem(500, "No file uploaded or file size exceeds maximum of 512 MB")


def free(path: str, taken: Any) -> str:
    stem, dot, ending = path.rpartition(".")
    number, found = 2, path
    while taken(found):
        found = f"{stem} ({number}){dot}{ending}" if dot else f"{path} ({number})"
        number += 1
    return found


def attach(decks: Decks, card: Card, user: str, file: int) -> Attachment:
    made = Attachment(decks.sandbox.next_id(), file, user, decks.now)
    card.attachments.append(made)
    decks.card_changed(card, user)
    return made


def of(desk: Desk, right: str | None = None) -> tuple[Card, Attachment]:
    card = desk.decks.card(desk.id("cardId"), desk.user, right) if right else desk.decks.card(desk.id("cardId"), desk.user)
    found = next((one for one in card.attachments if one.id == desk.id("attachmentId")), None)
    if found is None:
        raise Denied("No permission to access the attachment from the card")
    return card, found


@route(routes, "GET", FILES + "/file/{attachmentId:\\d+}")
async def get(desk: Desk) -> Any:
    _, attachment = of(desk)
    entry = desk.call.sandbox.files(attachment.owner).by_id(attachment.file)
    if entry is None:
        raise Problem(404, "File not found")
    headers = {"Content-Disposition": f'attachment; filename="{entry.name}"'}
    kind = f"{entry.node.mime};charset=UTF-8" if entry.node.mime.startswith("text/") else entry.node.mime
    return reply(200, entry.node.content, kind, headers)


@route(routes, "DELETE", FILES + "/file/{attachmentId:\\d+}")
async def delete(desk: Desk) -> Any:
    """Ends the share; the file stays."""
    card, attachment = of(desk, EDIT)
    answer = desk.records.attachment(card, attachment, creator=False)
    card.attachments.remove(attachment)
    desk.decks.card_changed(card, desk.user)
    return answer


@shares.ocs("POST", SHARES)
async def share(call: Call) -> web.StreamResponse:
    """Shares into cards; every other kind belongs to whoever else answers this address."""
    values = await call.params()
    if values.integer("shareType", -1) == DECK_SHARE and "deck" in call.sandbox.enabled:
        return share_into_card(call, values.text("path"), values.integer("shareWith"))
    others = [route for area in call.sandbox.areas if area.name in call.sandbox.enabled for route in area.routes.routes]
    for other in others:
        if other.handler is not share and (other.family, other.method) == (Family.OCS, "POST") and other.pattern.match(call.match.path):
            return await other.handler(call)
    return ocs.fail(call, 998, ocs.UNKNOWN)


def share_into_card(call: Call, path: str, card_id: int) -> web.Response:
    """A share of a file with everybody who sees a card. A card that is hidden is a failure of the server, as on a real one."""
    decks = Decks(call.sandbox)
    entry = call.sandbox.files(call.uid).find(path)
    if entry is None or path.strip("/") == "":
        return ocs.fail(call, 404, "Wrong path, file/folder does not exist")
    try:
        card = decks.card(card_id, call.uid, EDIT)
    except Denied:
        return ocs.fail(call, 996, "Internal Server Error\n")
    if any(one.file == entry.node.id for one in card.attachments):
        return ocs.fail(call, 403, "Path is already shared with this card")
    made = attach(decks, card, call.uid, entry.node.id)
    person = call.user.display_name
    return ocs.ok(
        call,
        {
            "id": str(made.id),
            "share_type": DECK_SHARE,
            "uid_owner": call.uid,
            "displayname_owner": person,
            "permissions": 1,
            "can_edit": True,
            "can_delete": True,
            "stime": made.created,
            "parent": None,
            "expiration": None,
            "token": None,
            "uid_file_owner": call.uid,
            "note": "",
            "label": "",
            "displayname_file_owner": person,
            "path": entry.path,
            "item_type": "folder" if entry.node.is_folder else "file",
            "item_permissions": 31 if entry.node.is_folder else 27,
            "is-mount-root": entry.is_mount_root,
            "mount-type": "",
            "mimetype": entry.node.mime,
            "has_preview": not entry.node.is_folder,
            "storage_id": f"home::{call.uid}",
            "storage": 1,
            "item_source": entry.node.id,
            "file_source": entry.node.id,
            "file_parent": entry.node.parent.id if entry.node.parent else 0,
            "file_target": f"/{{DECK_PLACEHOLDER}}/{entry.name}",
            "item_size": entry.node.size,
            "item_mtime": int(entry.node.mtime),
            "share_with": str(card.id),
            "share_with_displayname": card.title,
            "share_with_link": call.url(f"/apps/deck/board/{decks.board_of(card).id}/card/{card.id}"),
            "mail_send": 0,
            "hide_download": 0,
            "attributes": None,
        },
    )
