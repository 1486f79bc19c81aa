"""Cards. The board and the stack of an address are not looked at, except where a PUT takes the stack as the card's new place."""

from typing import Any

from nextcloud_sandbox.areas.deck.boards import BOARD
from nextcloud_sandbox.areas.deck.checks import CARD, Desk, conditional, date, route
from nextcloud_sandbox.areas.deck.records import etag
from nextcloud_sandbox.areas.deck.state import EDIT, MANAGE, Board, Card, Problem
from nextcloud_sandbox.routing import Routes

routes = Routes("deck")
ARCHIVED = "Operation not allowed. This card is archived."


@route(routes, "POST", BOARD + "/stacks/{stackId:\\d+}/cards")
async def create(desk: Desk) -> Any:
    values = desk.values
    values.setdefault("type", "plain")
    values.setdefault("order", 999)
    desk.need("title", "type", "order")
    stack = desk.decks.stack(desk.id("stackId"), desk.user, EDIT)
    desk.decks.writable(desk.decks.store.boards[stack.board])
    title, order, due = values.text("title"), values.integer("order"), date(values.get("duedate"))
    card = desk.decks.add_card(stack.id, title, desk.user, order=order, description=values.text("description"), duedate=due)
    card.type = values.text("type")
    return desk.records.card(card)


@route(routes, "GET", CARD)
async def get(desk: Desk) -> Any:
    card = desk.decks.card(desk.id("cardId"), desk.user)
    files = [] if desk.call.args["version"] == "1.0" else desk.records.attachments(card)
    return conditional(desk, desk.records.card(card, attachments=files), etag(card.modified))


@route(routes, "PUT", CARD)
async def update(desk: Desk) -> Any:
    """Replaces the card: what is left out is emptied, a deleted card comes back, a done one is open again."""
    values, decks = desk.values, desk.decks
    values.setdefault("order", 0)
    desk.need("title", "type", "owner", "order")
    card = decks.card(desk.id("cardId"), desk.user, EDIT, deleted=True)
    target = decks.stack(desk.id("stackId"), desk.user, EDIT)
    source = decks.board_of(card)
    decks.writable(source)
    if card.archived and values.get("archived") is True:
        raise Problem(500, ARCHIVED)
    duedate, done = date(values.get("duedate")), date(values.get("done"))
    if card.editor not in (None, desk.user):
        card.previous, card.editor = card.description, desk.user
    card.title, card.type, card.order = values.text("title"), values.text("type"), values.integer("order")
    card.duedate, card.done, card.deleted = duedate, done, 0
    if values.get("archived") is not None:
        card.archived = values.flag("archived")
    card.previous = card.description if card.previous is None else card.previous
    card.description, card.modified = values.text("description"), decks.now
    card.stack = target.id
    if target.board != source.id:
        carry_labels(desk, card, decks.store.boards[target.board])
    answer = desk.records.card(card)
    decks.card_changed(card, desk.user)
    return answer


def carry_labels(desk: Desk, card: Card, board: Board) -> None:
    """On another board a card gets the labels of the same titles; who manages the board brings those that are missing there."""
    there = {label.title: label.id for label in desk.decks.labels_of(board.id)}
    for old in list(card.labels):
        if card.archived:
            raise Problem(500, ARCHIVED)
        card.labels.remove(old)
        label = desk.decks.store.labels[old]
        if label.title not in there and desk.decks.may(desk.user, board, MANAGE):
            there[label.title] = desk.decks.add_label(board.id, label.title, label.color).id
        if label.title in there:
            card.labels.append(there[label.title])


@route(routes, "DELETE", CARD)
async def delete(desk: Desk) -> Any:
    card = changing(desk)
    card.deleted = card.modified = desk.decks.now
    desk.decks.place_changed(card)
    return desk.records.raw_card(card, owner=True)


def changing(desk: Desk) -> Card:
    """The card of a request that changes it."""
    card = desk.decks.card(desk.id("cardId"), desk.user, EDIT)
    desk.decks.writable(desk.decks.board_of(card))
    return card


@route(routes, "PUT", CARD + "/{action:archive|unarchive}")
async def archive(desk: Desk) -> Any:
    card = changing(desk)
    card.archived, card.modified = desk.call.args["action"] == "archive", desk.decks.now
    desk.decks.place_changed(card)
    return desk.records.raw_card(card, owner=True)


@route(routes, "PUT", CARD + "/reorder")
async def reorder(desk: Desk) -> Any:
    """The stack of the address counts, not the one of the body."""
    decks, order = desk.decks, desk.values.integer("order")
    card = decks.card(desk.id("cardId"), desk.user, EDIT)
    target = decks.stack(int(desk.call.args["stackId"]), desk.user, EDIT)
    decks.writable(decks.board_of(card))
    if card.archived:
        raise Problem(500, ARCHIVED)
    card.stack = target.id
    found, position = decks.cards_of([target.id])[target.id], 0
    for one in found:
        position += position == order
        if one is card:
            one.order = order
        else:
            one.order, position = position, position + 1
        one.modified = decks.now
    decks.place_changed(card)
    return [desk.records.raw_card(one) for one in sorted(found, key=lambda one: one.order)]


# Labels and people


def labelling(desk: Desk) -> tuple[Card, int]:
    desk.need("labelId")
    card = desk.decks.card(desk.id("cardId"), desk.user, EDIT)
    label = desk.decks.label(desk.values.integer("labelId"), desk.user)
    desk.decks.writable(desk.decks.board_of(card))
    if card.archived:
        raise Problem(500, ARCHIVED)
    return card, label.id


@route(routes, "PUT", CARD + "/assignLabel")
async def assign_label(desk: Desk) -> Any:
    """A second time puts the label on the card twice."""
    card, label = labelling(desk)
    if desk.decks.store.labels[label].board != desk.decks.board_of(card).id:
        raise Problem(500, "Operation not allowed. Label does not exist.")
    card.labels.append(label)
    desk.decks.card_changed(card, desk.user)


@route(routes, "PUT", CARD + "/removeLabel")
async def remove_label(desk: Desk) -> Any:
    card, label = labelling(desk)
    card.labels = [one for one in card.labels if one != label]
    desk.decks.card_changed(card, desk.user)


@route(routes, "PUT", CARD + "/assignUser")
async def assign_user(desk: Desk) -> Any:
    desk.need("userId", longest=64)
    who, type = desk.values.text("userId"), desk.values.integer("type")
    card = desk.decks.card(desk.id("cardId"), desk.user, EDIT)
    if any((one.participant, one.type) == (who, type) for one in card.assigned):
        raise Problem(400, "The user is already assigned to the card")
    board = desk.decks.board_of(card)
    groups = [acl.participant for acl in desk.decks.acls_of(board.id) if acl.type]
    if who not in desk.decks.members(board) and who not in groups:
        raise Problem(400, "The user is not part of the board")
    return desk.records.assigned(card, desk.decks.assign(card, who, desk.user, type))


@route(routes, "PUT", CARD + "/unassignUser")
async def unassign_user(desk: Desk) -> Any:
    desk.need("userId", longest=64)
    who, type = desk.values.text("userId"), desk.values.integer("type")
    card = desk.decks.card(desk.id("cardId"), desk.user, EDIT)
    for one in card.assigned:
        if (one.participant, one.type) == (who, type):
            card.assigned.remove(one)
            desk.decks.card_changed(card, desk.user)
            return desk.records.assigned(card, one)
    raise Problem(404, f"No assignment for {who}found.")
