"""Stacks and labels of a board."""

from typing import Any

from nextcloud_sandbox.areas.deck.boards import BOARD
from nextcloud_sandbox.areas.deck.checks import Desk, conditional, route
from nextcloud_sandbox.areas.deck.records import etag
from nextcloud_sandbox.areas.deck.state import MANAGE, Label, Problem
from nextcloud_sandbox.routing import Routes

routes = Routes("deck")
STACK = BOARD + "/stacks/{stackId:\\d+}"
LABEL = BOARD + "/labels/{labelId:\\d+}"
HEX = frozenset("0123456789abcdefABCDEF")


@route(routes, "GET", BOARD + "/stacks")
async def listing(desk: Desk) -> Any:
    stacks = desk.decks.stacks_of(desk.decks.board(desk.id("boardId"), desk.user).id)
    cards = desk.decks.cards_of(stack.id for stack in stacks)
    return [desk.records.stack(stack, [desk.records.card(card) for card in cards[stack.id]]) for stack in stacks]


@route(routes, "GET", BOARD + "/stacks/archived")
async def archived(desk: Desk) -> Any:
    stacks = desk.decks.stacks_of(desk.decks.board(desk.id("boardId"), desk.user).id)
    cards = desk.decks.cards_of((stack.id for stack in stacks), archived=True)
    return [desk.records.stack(stack, [desk.records.archived_card(card) for card in cards[stack.id]]) for stack in stacks]


@route(routes, "POST", BOARD + "/stacks")
async def create(desk: Desk) -> Any:
    desk.need("title", "order", longest=100)
    board = desk.decks.board(desk.id("boardId"), desk.user, MANAGE)
    desk.decks.writable(board)
    return desk.records.stack(desk.decks.add_stack(board.id, desk.values.text("title"), desk.values.integer("order")))


@route(routes, "GET", STACK)
async def get(desk: Desk) -> Any:
    stack = desk.decks.stack(desk.id("stackId"), desk.user)
    cards = [desk.records.plain_card(card) for card in desk.decks.cards_of([stack.id])[stack.id]]
    return conditional(desk, desk.records.stack(stack, cards), etag(stack.modified))


@route(routes, "PUT", STACK)
async def update(desk: Desk) -> Any:
    """Moves the stack to the board of the address, and restores it where it was deleted."""
    desk.need("title", "order", longest=100)
    stack = desk.decks.stack(desk.id("stackId"), desk.user, MANAGE)
    target = desk.decks.board(desk.id("boardId"), desk.user, MANAGE)
    desk.decks.writable(desk.decks.store.boards[stack.board])
    stack.title, stack.board, stack.order, stack.deleted = desk.values.text("title"), target.id, desk.values.integer("order"), 0
    desk.decks.board_changed(target.id)
    return desk.records.stack(stack)


@route(routes, "DELETE", STACK)
async def delete(desk: Desk) -> Any:
    stack = desk.decks.stack(desk.id("stackId"), desk.user, MANAGE)
    stack.deleted = desk.decks.now
    desk.decks.board_changed(stack.board)
    return desk.records.stack(stack, [desk.records.card(card) for card in desk.decks.cards_of([stack.id])[stack.id]])


# Labels


def check_label(desk: Desk, board: int, label: Label | None) -> None:
    desk.need("title", "color", longest=100)
    color = desk.values.text("color")
    if len(color) != 6 or not HEX.issuperset(color):
        raise Problem(400, "color must be provided and must be hex color")
    if any(other.title == desk.values.text("title") and other is not label for other in desk.decks.labels_of(board)):
        raise Problem(400, "title must be unique")


@route(routes, "POST", BOARD + "/labels")
async def create_label(desk: Desk) -> Any:
    desk.need("title", "color", longest=100)
    board = desk.decks.board(desk.id("boardId"), desk.user, MANAGE)
    check_label(desk, board.id, None)
    desk.decks.writable(board)
    label = desk.decks.add_label(board.id, desk.values.text("title"), desk.values.text("color"))
    desk.decks.board_changed(board.id)
    return desk.records.label(label)


@route(routes, "GET", LABEL)
async def get_label(desk: Desk) -> Any:
    return desk.records.listed_label(desk.decks.label(desk.id("labelId"), desk.user))


@route(routes, "PUT", LABEL)
async def update_label(desk: Desk) -> Any:
    label = desk.decks.label(desk.id("labelId"), desk.user, MANAGE)
    check_label(desk, label.board, label)
    desk.decks.writable(desk.decks.store.boards[label.board])
    label.title, label.color, label.modified = desk.values.text("title"), desk.values.text("color"), desk.decks.now
    desk.decks.board_changed(label.board)
    return desk.records.listed_label(label)


@route(routes, "DELETE", LABEL)
async def delete_label(desk: Desk) -> Any:
    label = desk.decks.label(desk.id("labelId"), desk.user, MANAGE)
    desk.decks.writable(desk.decks.store.boards[label.board])
    del desk.decks.store.labels[label.id]
    for card in desk.decks.store.cards.values():
        card.labels = [one for one in card.labels if one != label.id]
    desk.decks.board_changed(label.board)
    return desk.records.listed_label(label)
