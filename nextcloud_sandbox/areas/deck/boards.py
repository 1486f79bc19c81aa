"""Boards and who shares them."""

import hashlib
import json
from typing import Any

from nextcloud_sandbox.areas.deck.checks import API, Desk, conditional, internal_error, route
from nextcloud_sandbox.areas.deck.records import etag
from nextcloud_sandbox.areas.deck.state import EDIT, MANAGE, SHARE, USER, Acl, Board, Denied, Problem
from nextcloud_sandbox.routing import Routes

routes = Routes("deck")
BOARD = API + "/{boardId:\\d+}"


@route(routes, "GET", API)
async def listing(desk: Desk) -> Any:
    """Deleted boards are listed too; If-Modified-Since fails, as it does on Nextcloud 32."""
    if desk.call.header("If-Modified-Since"):
        raise Problem(500, internal_error())
    found = list(desk.decks.boards_of(desk.user))
    data = [desk.records.board(board, details=desk.values.flag("details"), shared=shared) for board, shared in found]
    versions = json.dumps([f"{board.id}-{etag(board.modified)}" for board, _ in found])
    return conditional(desk, data, hashlib.md5(versions.encode(), usedforsecurity=False).hexdigest())


@route(routes, "POST", API)
async def create(desk: Desk) -> Any:
    desk.need("title", "color", longest=100)
    board = desk.decks.add_board(desk.values.text("title"), desk.user, desk.values.text("color"))
    answer = desk.records.new_board(board)
    desk.decks.board_changed(board.id)
    return answer


def found(desk: Desk, right: str) -> Board:
    return desk.decks.board(desk.id("boardId"), desk.user, right)


@route(routes, "GET", BOARD)
async def get(desk: Desk) -> Any:
    board = desk.decks.board(desk.id("boardId"), desk.user)
    return conditional(desk, desk.records.board(board), etag(board.modified))


@route(routes, "PUT", BOARD)
async def update(desk: Desk) -> Any:
    desk.need("title", "color", longest=100)
    board = found(desk, MANAGE)
    board.title, board.color = desk.values.text("title"), desk.values.text("color")
    board.archived = desk.values.flag("archived")
    answer = desk.records.board(board)
    desk.decks.board_changed(board.id)
    return answer


@route(routes, "DELETE", BOARD)
async def delete(desk: Desk) -> Any:
    board = found(desk, MANAGE)
    board.deleted = desk.decks.now
    desk.decks.board_changed(board.id)
    return desk.records.board(board)


@route(routes, "POST", BOARD + "/undo_delete")
async def undo_delete(desk: Desk) -> Any:
    """The permission check never sees a deleted board, so this always refuses."""
    found(desk, MANAGE)
    raise Denied


# Sharing


def tell(desk: Desk, event: str, board: Board, acl: Acl) -> None:
    people = [acl.participant] if acl.type == USER else desk.call.sandbox.groups.get(acl.participant, [])
    desk.call.sandbox.emit(event, desk.user, people=[one for one in people if one != desk.user], board=board.id, title=board.title)


def rights(desk: Desk, board: Board, old: Acl | None = None) -> dict[str, bool]:
    """What is asked for; who does not manage the board can only give and take what they have themselves."""
    asked: dict[str, bool] = {}
    for right in (EDIT, SHARE, MANAGE):
        if desk.values.get(f"permission{right.capitalize()}") is None:
            raise Problem(400, f"{right.lower()} must be provided and must be not null")
        asked[right] = desk.values.flag(f"permission{right.capitalize()}")
    if desk.decks.may(desk.user, board, MANAGE):
        return asked
    return {right: wish if desk.decks.may(desk.user, board, right) else bool(old and old.allows(right)) for right, wish in asked.items()}


@route(routes, "POST", BOARD + "/acl")
async def add_acl(desk: Desk) -> Any:
    """Any name is taken, but none twice."""
    desk.need("participant", longest=64)
    values, decks = desk.values, desk.decks
    who, type = values.text("participant"), values.integer("type")
    board = decks.store.boards.get(desk.id("boardId"))
    asked = rights(desk, board) if board else {}
    board = found(desk, SHARE)
    if any((one.participant, one.type) == (who, type) for one in decks.acls_of(board.id)):
        raise Problem(500, internal_error())
    acl = decks.add_acl(board.id, who, type=type, rights=[right for right, granted in asked.items() if granted])
    tell(desk, "board.shared", board, acl)
    return desk.records.acl(acl)


@route(routes, "PUT", BOARD + "/acl/{aclId:\\d+}")
async def update_acl(desk: Desk) -> Any:
    acl = desk.decks.store.acls.get(desk.id("aclId"))
    board = desk.decks.board(acl.board if acl else None, desk.user, SHARE)
    if acl is None:
        raise Denied
    granted = rights(desk, board, acl)
    acl.edit, acl.share, acl.manage = (granted[right] for right in (EDIT, SHARE, MANAGE))
    desk.decks.board_changed(board.id)
    return desk.records.acl(acl)


@route(routes, "DELETE", BOARD + "/acl/{aclId:\\d+}")
async def delete_acl(desk: Desk) -> Any:
    """Takes a person off the board's cards too, a group not."""
    acl = desk.decks.store.acls.get(desk.id("aclId"))
    board = desk.decks.board(acl.board if acl else None, desk.user, MANAGE)
    if acl is None:
        raise Denied
    del desk.decks.store.acls[acl.id]
    if acl.type == USER:
        desk.decks.take_off_cards(board, acl.participant)
    tell(desk, "board.unshared", board, acl)
    return desk.records.acl(acl)
