"""The Deck app 1.16: boards, stacks, cards, comments and files on cards."""

from typing import Any

from nextcloud_sandbox.areas.deck import attachments, boards, cards, more, seed, stacks
from nextcloud_sandbox.areas.deck.state import Decks
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area, Provider
from nextcloud_sandbox.routing import join


def capabilities(call: Call) -> dict[str, object]:
    if call.user_or_none is None:
        return {}
    return {"deck": {"version": "1.16.7", "canCreateBoards": True, "apiVersions": ["1.0", "1.1"]}}


def find(call: Call, term: str) -> list[dict[str, Any]]:
    """The cards with the words of a term, as the unified search shows them."""
    decks = Decks(call.sandbox)
    return [
        {
            "thumbnailUrl": "",
            "title": card.title,
            "subline": f"{decks.board_of(card).title} » {decks.store.stacks[card.stack].title}",
            "resourceUrl": call.url(f"/apps/deck/board/{decks.board_of(card).id}/card/{card.id}"),
            "icon": "icon-deck",
            "rounded": False,
            "attributes": [],
        }
        for card in more.matching(decks, call.uid, term)
    ]


AREA = Area(
    "deck",
    join(boards.routes, stacks.routes, cards.routes, attachments.routes, more.routes),
    seed=seed.seed,
    capabilities=capabilities,
    providers=(Provider("search-deck-card-board", "Deck boards and cards", "icon-deck", 10, find, paginated=True),),
    order=40,
)
