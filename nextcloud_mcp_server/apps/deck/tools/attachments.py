"""Files on cards."""

from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.apps.deck.models import Attached, Attachment, Change
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate

OUT_OF_TRASH = "deck_attach_file attaches it again; the file itself was not touched."
FOR_GOOD = "Nextcloud removes the file with its daily clean-up."


@TOOLS.create(scopes=("deck:write", "files:read"))
async def deck_attach_file(
    deck: Deck, card_id: int, path: Annotated[str, Field(description="From the root, as /Documents/plan.pdf.")]
) -> Attached:
    """Attach a file to a card: members of the board may read it then."""
    full = f"/{path.lstrip('/')}"
    return Attached(attachment_id=await deck.attach(card_id, full), card_id=card_id, path=full)


@TOOLS.create(scopes=("deck:write", "files:read", "notes:read"), untrusted=True)
async def deck_attach_note(deck: Deck, card_id: int, note_id: int) -> Attached:
    """Attach a note to a card: members of the board may read it then."""
    path = await deck.note_path(note_id)
    return Attached(attachment_id=await deck.attach(card_id, path), card_id=card_id, path=path)


@TOOLS.read(untrusted=True)
async def deck_list_attachments(
    deck: Deck, board_id: int, stack_id: int, card_id: int, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Attachment]:
    """List the files on a card."""
    page = paginate(await deck.attachments(board_id, stack_id, card_id), limit, cursor)
    page.also["count"] = len(page.items)
    return page


@TOOLS.delete(untrusted=True)
async def deck_delete_attachment(deck: Deck, board_id: int, stack_id: int, card_id: int, attachment_id: int) -> Change:
    """Take a file off a card. A shared file itself stays."""
    await deck.card_to_change(board_id, stack_id, card_id, None)
    there = await deck.attachments(board_id, stack_id, card_id)
    found = next((one for one in there if one.id == attachment_id), None)
    if found is None:
        names = [f"{one.data} ({one.id})" for one in there]
        raise NotFound(f"Attachment {attachment_id} is not on card {card_id}.", candidates=names)
    await deck.delete_attachment(board_id, stack_id, found)
    after = OUT_OF_TRASH if found.type == "file" else FOR_GOOD
    return Change(message=f"{found.data} taken off the card. {after}", card_id=card_id, attachment_id=attachment_id)
