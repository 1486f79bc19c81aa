"""Boards and who shares them."""

import hashlib
import json
from typing import Any

from nextcloud_sandbox.areas.deck.checks import API, Desk, conditional, internal_error, route
from nextcloud_sandbox.areas.deck.records import etag
from nextcloud_sandbox.areas.deck.state import EDIT, MANAGE, SHARE, Board, Denied, Problem
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


@route(routes, "POST", BOARD + "/acl")
async def add_acl(desk: Desk) -> Any:
    desk.need("participant", longest=64)
    board, values = found(desk, SHARE), desk.values
    rights = [right for right in (EDIT, SHARE, MANAGE) if values.flag(f"permission{right.capitalize()}")]
    acl = desk.decks.add_acl(board.id, values.text("participant"), type=values.integer("type"), rights=rights)
    return desk.records.acl(acl)


@route(routes, "PUT", BOARD + "/acl/{aclId:\\d+}")
async def update_acl(desk: Desk) -> Any:
    acl = desk.decks.store.acls.get(desk.id("aclId"))
    desk.decks.board(acl.board if acl else None, desk.user, SHARE)
    if acl:
        acl.edit, acl.share, acl.manage = (desk.values.flag(f"permission{name}") for name in ("Edit", "Share", "Manage"))
        desk.decks.board_changed(acl.board)
        return desk.records.acl(acl)
    raise Denied


@route(routes, "DELETE", BOARD + "/acl/{aclId:\\d+}")
async def delete_acl(desk: Desk) -> Any:
    """Takes the person off the board's cards too."""
    acl = desk.decks.store.acls.get(desk.id("aclId"))
    board = desk.decks.board(acl.board if acl else None, desk.user, MANAGE)
    del desk.decks.store.acls[desk.id("aclId")]
    for cards in desk.decks.cards_of([stack.id for stack in desk.decks.stacks_of(board.id)]).values():
        for card in cards:
            card.assigned = [one for one in card.assigned if acl is None or one.participant != acl.participant]
    desk.decks.board_changed(board.id)
    return desk.records.acl(acl) if acl else None
