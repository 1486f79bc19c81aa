"""The OCS side: comments, overview, search, settings, clones. And what Deck's own pages ask for: what was deleted."""

from typing import Any

from aiohttp import web

from nextcloud_sandbox.areas.deck.checks import Desk, route
from nextcloud_sandbox.areas.deck.records import Json
from nextcloud_sandbox.areas.deck.state import EDIT, Card, Comment, Decks, Denied, Problem
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.routing import Access, Routes

routes = Routes("deck")
OCS = "/apps/deck/api/v{version:[^/]+}"
COMMENTS = OCS + "/cards/{cardId:\\d+}/comments"
LONGEST, PAGE = 1000, 200


def checked(message: str) -> str:
    if len(message.strip()) > LONGEST:
        raise Problem(400, f"Message exceeds allowed character limit of {LONGEST}")
    return message.strip()


@route(routes, "GET", COMMENTS)
async def comments(desk: Desk) -> Any:
    card = desk.decks.card(desk.id("cardId"), desk.user)
    start, limit = desk.values.integer("offset"), min(desk.values.integer("limit", 20), PAGE)
    return [desk.records.comment(one) for one in desk.decks.comments_of(card.id)[start : start + limit]]


@route(routes, "POST", COMMENTS)
async def create_comment(desk: Desk) -> Any:
    card = desk.decks.card(desk.id("cardId"), desk.user)
    parent = desk.values.integer("parentId")
    if parent and (parent not in desk.decks.store.comments or desk.decks.store.comments[parent].card != card.id):
        raise Problem(400, "Invalid parent id: The parent comment was not found or belongs to a different card")
    return desk.records.comment(desk.decks.add_comment(card, desk.user, checked(desk.values.text("message")), parent))


def own(desk: Desk) -> Comment:
    card = desk.decks.card(desk.id("cardId"), desk.user)
    comment = desk.decks.store.comments.get(desk.id("commentId"))
    if comment is None or comment.card != card.id:
        raise Problem(404, "No comment found.")
    if comment.actor != desk.user:
        raise Denied("Only authors are allowed to edit their comment.")
    return comment


@route(routes, "PUT", COMMENTS + "/{commentId:\\d+}")
async def update_comment(desk: Desk) -> Any:
    comment = own(desk)
    comment.message = checked(desk.values.text("message"))
    desk.decks.card_changed(desk.decks.store.cards[comment.card], desk.user)
    return desk.records.comment(comment, reply=False)


@route(routes, "DELETE", COMMENTS + "/{commentId:\\d+}")
async def delete_comment(desk: Desk) -> Any:
    comment = own(desk)
    del desk.decks.store.comments[comment.id]
    desk.decks.card_changed(desk.decks.store.cards[comment.card], desk.user)
    return []


def visible(decks: Decks, user: str) -> list[Card]:
    """The cards of all boards that the user sees, archived ones too."""
    boards = [board.id for board, _ in decks.boards_of(user) if not board.deleted]
    stacks = {stack.id for board in boards for stack in decks.stacks_of(board)}
    return [card for card in decks.store.cards.values() if card.stack in stacks and not card.deleted]


@route(routes, "GET", OCS + "/overview/upcoming")
async def upcoming(desk: Desk) -> Any:
    """Open cards that are the user's or nobody's, by when they are due."""
    found: dict[str, list[Json]] = {}
    for card in visible(desk.decks, desk.user):
        people = [one.participant for one in card.assigned]
        if not card.archived and not card.done and not desk.decks.board_of(card).archived and (not people or desk.user in people):
            found.setdefault(due(desk.records.days_left(card)), []).append(desk.records.with_board(card))
    return found


def due(days: int | None) -> str:
    if days is None:
        return "nodue"
    if days < 0:
        return "overdue"
    return {0: "today", 1: "tomorrow"}.get(days, "nextSevenDays" if days <= 7 else "later")


def matching(decks: Decks, user: str, term: str) -> list[Card]:
    """The cards that hold every word in title or description, the latest change first."""
    words = term.lower().split()
    found = [card for card in visible(decks, user) if all(word in f"{card.title}\n{card.description}".lower() for word in words)]
    return sorted(found, key=lambda card: (-card.modified, card.id))


@route(routes, "GET", OCS + "/search")
async def search(desk: Desk) -> Any:
    limit = desk.values.integer("limit")
    cards = matching(desk.decks, desk.user, desk.values.text("term"))
    return [found(desk, card) for card in (cards[:limit] if limit else cards)]


def found(desk: Desk, card: Card) -> Json:
    board, stack = desk.decks.board_of(card), desk.decks.store.stacks[card.stack]
    shared = next((how for one, how in desk.decks.boards_of(desk.user) if one is board), 0)
    related = desk.records.board(board, details=False, labels=True, shared=shared)
    return desk.records.with_board(card) | {"relatedBoard": related, "relatedStack": desk.records.stack(stack)}


@route(routes, "GET", OCS + "/config")
async def config(desk: Desk) -> Any:
    return {"calendar": True, "cardDetailsInModal": True, "cardIdBadge": False}


@route(routes, "POST", OCS + "/cards/{cardId:\\d+}/clone")
async def clone(desk: Desk) -> Any:
    """A copy without dates and comments, in the same stack unless another is named. The answer has no envelope."""
    decks, old = desk.decks, desk.decks.card(desk.id("cardId"), desk.user)
    stack = decks.stack(desk.values.integer("targetStackId") or old.stack, desk.user, EDIT)
    card = decks.add_card(stack.id, old.title, old.owner, order=old.order, description=old.description)
    card.type = old.type
    if stack.board == decks.board_of(old).id:
        card.labels = list(old.labels)
    members = decks.members(decks.store.boards[stack.board])
    for one in old.assigned:
        if one.participant in members:
            decks.assign(card, one.participant, desk.user, one.type)
    return desk.call.json(desk.records.card(card))


@routes.app("GET", "/apps/deck/{boardId:\\d+}/{kind:cards|stacks}/deleted", Access.CSRF)
async def deleted(call: Call) -> web.StreamResponse:
    desk = Desk(call, await call.params())
    try:
        board = desk.decks.board(desk.id("boardId"), desk.user)
    except Denied as denied:
        return call.json({"status": denied.status, "message": denied.message}, denied.status)
    store, records = desk.decks.store, desk.records
    if call.args["kind"] == "stacks":
        gone = [stack for stack in store.stacks.values() if stack.deleted and stack.board == board.id]
        inside = desk.decks.cards_of(stack.id for stack in gone)
        return call.json([records.stack(stack, [records.card(card) for card in inside[stack.id]]) for stack in gone])
    cards = [card for card in store.cards.values() if card.deleted and desk.decks.board_of(card) is board]
    people = {card.id: records.people_on(card) for card in cards}
    return call.json([records.raw_card(card, owner=True) | {"assignedUsers": people[card.id]} for card in cards])


@routes.app("OPTIONS", OCS + "/{path:.+}", Access.PUBLIC)
async def preflight(call: Call) -> web.StreamResponse:
    """Stands for every other method too: they get 405."""
    return call.json([])
