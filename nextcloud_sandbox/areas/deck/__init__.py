"""The Deck app 1.16: boards, stacks, cards, comments and files on cards."""

from nextcloud_sandbox.areas.deck import attachments, boards, cards, finding, more, seed, stacks
from nextcloud_sandbox.calls import Call
from nextcloud_sandbox.core import Area
from nextcloud_sandbox.routing import join


def capabilities(call: Call) -> dict[str, object]:
    if call.user_or_none is None:
        return {}
    return {"deck": {"version": "1.16.7", "canCreateBoards": True, "apiVersions": ["1.0", "1.1"]}}


AREA = Area(
    "deck",
    join(boards.routes, stacks.routes, cards.routes, attachments.routes, attachments.shares, more.routes),
    seed=seed.seed,
    capabilities=capabilities,
    providers=finding.PROVIDERS,
    order=70,
)
