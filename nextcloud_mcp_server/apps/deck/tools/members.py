"""Whom a board is shared with."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from nextcloud_mcp_server.apps.deck.changes import same_version
from nextcloud_mcp_server.apps.deck.client import Deck
from nextcloud_mcp_server.apps.deck.finding import members_of
from nextcloud_mcp_server.apps.deck.models import Board, Change, Member
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS, lower
from nextcloud_mcp_server.core.errors import InvalidValue, NotFound, NotPermitted
from nextcloud_mcp_server.nextcloud.recipients import GROUP, USER, recipients

TYPES = {"user": USER, "group": GROUP}
RIGHTS = {"edit": "permissionEdit", "share": "permissionShare", "manage": "permissionManage"}
Kind = Annotated[Literal["user", "group"], BeforeValidator(lower)]
Right = Annotated[Literal["read", "edit", "share", "manage"], BeforeValidator(lower)]


@TOOLS.update(untrusted=True)
async def deck_share_board(
    deck: Deck,
    board_id: int,
    share_with: Annotated[str, Field(description="id from nc_users_find_people.")],
    kind: Kind = "user",
    permissions: Annotated[list[Right] | None, Field(description="Default: read, or as before.")] = None,
    etag: str | None = None,
) -> Change:
    """Share a board with a person or group, who can then be assigned, or change what they may do."""
    board = await _board(deck, board_id, etag)
    if not board.permissions.get("PERMISSION_SHARE", True):
        raise NotPermitted(f"This account may not share board {board.title!r}.")
    if kind == "user" and share_with.casefold() == board.owner.uid.casefold():
        raise InvalidValue(f"{share_with!r} owns board {board.title!r} and may do everything there.")
    there = next((one for one in members_of(board) if one.type == TYPES[kind] and _is(one, share_with)), None)
    asked = (there.rights if there else ["read"]) if permissions is None else ["read", *permissions]
    if there and set(there.rights) == set(asked):
        return _shared(deck, board, there, f"Board {board.title!r} was shared with {there.name} like this already.")
    who = there.participant.primaryKey if there else await _known(deck, share_with, TYPES[kind])
    fields: dict[str, Any] = {field: name in asked for name, field in RIGHTS.items()}
    saved = await deck.save_member(board_id, there, {"type": TYPES[kind], "participant": who, **fields})
    refused = [name for name in RIGHTS if name in asked and name not in saved.rights]
    kept = f" Not granted, for this account lacks it: {', '.join(refused)}." if refused else ""
    return _shared(deck, board, saved, f"Board {board.title!r} is shared with {saved.name}.{kept}")


@TOOLS.delete(untrusted=True)
async def deck_unshare_board(deck: Deck, board_id: int, share_with: str, etag: str | None = None) -> Change:
    """Stop sharing a board with a person or group; takes the person off its cards too."""
    board = await _board(deck, board_id, etag)
    members = members_of(board)
    found = [one for one in members if _is(one, share_with)]
    if not found:
        there = [one.name for one in members]
        raise NotFound(f"Board {board.title!r} is not shared with {share_with!r}.", candidates=there, hint="Nothing was changed.")
    if len(found) > 1:
        raise InvalidValue(f"{share_with!r} is a person and a group here.", hint="Stop sharing with one of them in Nextcloud.")
    await deck.delete_member(board_id, found[0])
    message = f"Board {board.title!r} is no longer shared with {found[0].name}. deck_share_board shares it again."
    return Change(message=message, board_id=board_id)


async def _board(deck: Deck, board_id: int, etag: str | None) -> Board:
    board = await deck.board(board_id)
    same_version(etag, board.ETag, f"Board {board_id}")
    return board


def _is(member: Member, name: str) -> bool:
    return name.casefold() in (member.participant.uid.casefold(), member.participant.primaryKey.casefold())


async def _known(deck: Deck, name: str, kind: int) -> str:
    """The id as Nextcloud writes it: Deck would share with a name that nobody has. Raises NotFound with those that resemble it."""
    for one in await recipients(deck.session, name, kind):
        if one.casefold() == name.casefold():
            return one
    hint = "nc_users_find_people finds people and groups by name; take their id. Nothing was changed."
    raise NotFound(f"{name!r} is unknown.", candidates=await recipients(deck.session, name[:3], kind), hint=hint)


def _shared(deck: Deck, board: Board, member: Member, message: str) -> Change:
    return Change(message=message, board_id=board.id, permissions=member.rights, url=deck.board_url(board.id))
