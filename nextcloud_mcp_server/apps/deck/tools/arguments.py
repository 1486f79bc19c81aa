"""The toolbox of Deck, and arguments that several tools share."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from nextcloud_mcp_server.apps.deck import listing
from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.apps.deck.models import Card, Change
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("deck")


def lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _hex(value: Any) -> Any:
    return value.strip().removeprefix("#") if isinstance(value, str) else value


Detail = Annotated[listing.Detail, BeforeValidator(lower)]
Status = Annotated[listing.Status | None, BeforeValidator(lower), Field(description="Default: all but archived.")]
LabelTitle = str | None
UserId = str | None
MaxLength = Annotated[int | None, Field(ge=1)]
PreviewLength = Annotated[int, Field(ge=1)]
Color = Annotated[str, BeforeValidator(_hex), Field(pattern=r"^[0-9A-Fa-f]{6}$", description="Hex, as ff0000.")]
Time = Annotated[str | None, Field(description="ISO 8601; empty clears.")]


def changed(deck: Deck, board_id: int, card: Card, message: str, **more: Any) -> Change:
    """The answer after a change; the card's new version only where Deck told it."""
    url = more.pop("url", deck.card_url(board_id, card.id))
    return Change(message=message, card_id=card.id, stack_id=card.stackId, board_id=board_id, url=url, **more)


def not_archived(card: Card) -> None:
    """Deck refuses labels, people and positions of archived cards, some of it halfway through."""
    if card.archived:
        raise InvalidValue(f"Card {card.id} is archived.", hint="deck_unarchive_card first; nothing was changed.")
