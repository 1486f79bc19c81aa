"""Deck in the unified search: boards and cards, and comments."""

from typing import Any

from nextcloud_sandbox.areas.deck.more import matching, visible
from nextcloud_sandbox.areas.deck.state import Decks
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Provider

ICON = "/custom_apps/deck/img/deck.svg"


def entry(call: Call, picture: str, title: str, subline: str, page: str, icon: str = "icon-deck") -> dict[str, Any]:
    address = {"thumbnailUrl": f"{call.base_url()}{picture}", "resourceUrl": call.url(f"/apps/deck/{page}")}
    return {**address, "title": title, "subline": subline, "icon": icon, "rounded": False, "attributes": []}


def boards_and_cards(call: Call, term: str) -> list[dict[str, Any]]:
    """The latest change first; a board stands before a card of the same second."""
    decks = Decks(call.sandbox)
    boards = [board for board, _ in decks.boards_of(call.uid) if not board.deleted and term.lower() in board.title.lower()]
    found = [(board.modified, entry(call, "/apps/deck/img/deck-dark.svg", board.title, "", f"board/{board.id}")) for board in boards]
    for card in matching(decks, call.uid, term):
        place = f"{decks.board_of(card).title} » {decks.store.stacks[card.stack].title}"
        found.append((card.modified, entry(call, "/apps/deck/img/card.svg", card.title, place, f"card/{card.id}")))
    return [shown for _, shown in sorted(found, key=lambda pair: -pair[0])]


def comments(call: Call, term: str) -> list[dict[str, Any]]:
    decks, users, picture = Decks(call.sandbox), call.sandbox.users, "/core/img/actions/comment.svg"
    found = [(one, card) for card in visible(decks, call.uid) for one in decks.comments_of(card.id) if term.lower() in one.message.lower()]
    return [
        entry(
            call,
            picture,
            f"{users[one.actor].display_name if one.actor in users else one.actor} on {card.title}",
            one.message,
            f"#/board/{decks.board_of(card).id}/card/{card.id}/comments/{one.id}",
            "icon-comment",
        )
        for one, card in sorted(found, key=lambda pair: -pair[0].id)
    ]


PROVIDERS = (
    Provider("search-deck-card-board", "Deck boards and cards", ICON, 10, boards_and_cards),
    Provider("search-deck-comment", "Card comments", ICON, 11, comments),
)
