"""Making, changing and deleting a board's labels."""

from nextcloud_mcp_server.apps.deck.changes import same_version
from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.apps.deck.finding import label_of
from nextcloud_mcp_server.apps.deck.models import Change, LabelCreated
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS, Color
from nextcloud_mcp_server.core.errors import InvalidValue


@TOOLS.create()
async def deck_create_label(deck: Deck, board_id: int, title: str, color: Color) -> LabelCreated:
    """Create a label on a board."""
    return LabelCreated.model_validate(await deck.create_label(board_id, title, color), from_attributes=True)


@TOOLS.update()
async def deck_update_label(
    deck: Deck, board_id: int, label_id: int, title: str | None = None, color: Color | None = None, etag: str | None = None
) -> Change:
    """Rename or recolor a label."""
    if title is None and color is None:
        raise InvalidValue("Nothing to change: neither title nor color is given.")
    label = label_of(await deck.board(board_id), label_id)
    same_version(etag, label.ETag, f"Label {label_id}")
    await deck.update_label(board_id, label, title, color)
    return Change(message="Label updated.", label_id=label_id, board_id=board_id)


@TOOLS.delete(untrusted=True)
async def deck_delete_label(deck: Deck, board_id: int, label_id: int, etag: str | None = None) -> Change:
    """Delete a label from a board and all its cards, for good."""
    label = label_of(await deck.board(board_id), label_id)
    same_version(etag, label.ETag, f"Label {label_id}")
    await deck.delete_label(board_id, label_id)
    message = f"Label {label.title!r} deleted. deck_create_label with color {label.color} makes it anew, without its cards."
    return Change(message=message, label_id=label_id, board_id=board_id)
