"""Comments on cards."""

from typing import Annotated, Literal

from pydantic import Field

from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.apps.deck.models import Change, Comment, CommentSaved, CommentSummary
from nextcloud_mcp_server.apps.deck.splitting import LONGEST, MOST_PARTS, parts_of
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS, Detail
from nextcloud_mcp_server.core.errors import InvalidValue, TooLarge
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page

PAGE = 200


@TOOLS.read(total="total", untrusted=True, title="Card comments")
async def deck_get_card_comments(
    deck: Deck,
    card_id: int,
    limit: Annotated[int, Field(ge=1, le=PAGE)] = DEFAULT_LIMIT,
    offset: Annotated[int, Field(ge=0, description="next_offset of the previous page.")] = 0,
    detail: Detail = "full",
    message_max_length: Annotated[int | None, Field(ge=1)] = None,
    order: Literal["newest", "oldest"] = "newest",
) -> Page[Comment | CommentSummary]:
    """List the comments on a card."""
    if order == "newest":
        found = await deck.comments(card_id, limit, offset)
        more = len(found) == limit and bool(await deck.comments(card_id, 1, offset + limit))
    else:
        every = (await _every_comment(deck, card_id))[::-1]
        found, more = every[offset : offset + limit], len(every) > offset + limit
    shown = [_shown(comment, detail, message_max_length) for comment in found]
    return Page(shown, also={"count": len(shown), "next_offset": offset + limit if more else None})


@TOOLS.create(untrusted=True, title="Comment on card")
async def deck_create_card_comment(
    deck: Deck,
    card_id: int,
    message: str,
    parent_id: Annotated[int | None, Field(description="Comment to answer.")] = None,
    overflow: Annotated[Literal["error", "split"], Field(description="Over 1000 characters.")] = "error",
) -> CommentSaved:
    """Comment on a card; @user_id mentions somebody."""
    text = _filled(message)
    if overflow == "error":
        _fits(text, ' Or pass overflow="split" to post it in parts.')
    parts = parts_of(text)
    if len(parts) > MOST_PARTS:
        raise TooLarge(f"A comment of {len(text)} characters takes {len(parts)} parts, more than {MOST_PARTS}.")
    made = [await deck.create_comment(card_id, parts[0], parent_id or 0)]
    for part in parts[1:]:
        made.append(await deck.create_comment(card_id, part, made[0].id))
    return CommentSaved(comment=made[0], parts=made if len(made) > 1 else None, part_count=len(made))


@TOOLS.update(untrusted=True, title="Edit comment")
async def deck_update_card_comment(deck: Deck, card_id: int, comment_id: int, message: str) -> CommentSaved:
    """Replace the text of one's own comment."""
    text = _filled(message)
    _fits(text)
    return CommentSaved(comment=await deck.update_comment(card_id, comment_id, text))


@TOOLS.delete(title="Delete comment")
async def deck_delete_card_comment(deck: Deck, card_id: int, comment_id: int) -> Change:
    """Delete one's own comment, for good."""
    await deck.delete_comment(card_id, comment_id)
    return Change(message="Comment deleted.", card_id=card_id, comment_id=comment_id)


async def _every_comment(deck: Deck, card_id: int) -> list[Comment]:
    """All comments, newest first: Deck has no other order."""
    found: list[Comment] = []
    while page := await deck.comments(card_id, PAGE, len(found)):
        found += page
        if len(page) < PAGE:
            break
    return found


def _shown(comment: Comment, detail: str, longest: int | None) -> Comment | CommentSummary:
    text = comment.message if longest is None or len(comment.message) <= longest else f"{comment.message[:longest]}…"
    if detail == "full":
        return comment.model_copy(update={"message": text})
    return CommentSummary(id=comment.id, actorId=comment.actorId, message=text, creationDateTime=comment.creationDateTime)


def _filled(message: str) -> str:
    text = message.strip()
    if not text:
        raise InvalidValue("The comment is empty.")
    return text


def _fits(text: str, further: str = "") -> None:
    if len(text) > LONGEST:
        raise TooLarge(
            f"The comment has {len(text)} characters, more than {LONGEST}.", hint=f"Make it shorter.{further} Nothing was written."
        )
