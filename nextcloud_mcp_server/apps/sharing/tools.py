"""The tools of shares."""

from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field, WithJsonSchema

from nextcloud_mcp_server.apps.sharing.client import Shares
from nextcloud_mcp_server.apps.sharing.models import (
    GROUP,
    LINK,
    PERMISSIONS,
    TYPE_NAMES,
    USER,
    PublicLink,
    Share,
    Told,
    listed,
    told,
    whole,
)
from nextcloud_mcp_server.apps.sharing.wire import mask, midnight_after, stop_day
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.errors import BadAnswer, InvalidValue, NotFound
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, paginate
from nextcloud_mcp_server.core.tools import Toolbox
from nextcloud_mcp_server.nextcloud.recipients import recipients

TOOLS = Toolbox("sharing")
LONGEST_MINUTES = 10 * 366 * 24 * 60


def _type(value: Any) -> Any:
    return TYPE_NAMES.get(value.strip().lower(), value) if isinstance(value, str) else value


def _text(value: Any) -> Any:
    return ",".join(str(one) for one in cast("list[Any]", value)) if isinstance(value, list) else value


Permissions = Annotated[
    int | str,
    BeforeValidator(_text),
    WithJsonSchema({"type": "integer", "description": "Sum of 1 read, 2 update, 4 create, 8 delete, 16 share."}),
]
ShareType = Annotated[
    int, BeforeValidator(_type), Field(description="0 user, 1 group, 3 public link, 4 e-mail, 6 federated, 7 team, 10 Talk.")
]
Day = Annotated[str | None, Field(description="YYYY-MM-DD, ends at 00:00 of it; empty: never.")]
NewDay = Annotated[str | None, Field(description="As in nc_share_create.")]
NewPermissions = Annotated[
    int | str, BeforeValidator(_text), WithJsonSchema({"type": "integer", "description": "As in nc_share_create; replaces all."})
]


@TOOLS.create(untrusted=True)
async def nc_share_create(
    shares: Shares,
    path: str,
    share_with: Annotated[str | None, Field(description="id from nc_users_find_people; not for a link.")] = None,
    share_type: ShareType = USER,
    permissions: Permissions = 1,
    expire_date: Day = None,
    password: str | None = None,
    note: Annotated[str | None, Field(description="Shown to the recipient.")] = None,
    label: str | None = None,
) -> Told:
    """Share a file or folder with a person or group, or by link."""
    if share_type != LINK and not share_with:
        raise InvalidValue("share_with is required and missing: only a public link (share_type 3) is for nobody in particular.")
    if share_type == LINK and share_with:
        raise InvalidValue(
            f"A public link is for whoever has it, not for {share_with!r}.", hint="Leave share_with out, or use share_type 0."
        )
    wanted = await _fields(shares, permissions, expire_date, password=password, note=note, label=label)
    if share_with:
        if existing := await shares.standing(path, share_type, share_with):
            return told(
                whole(existing), message=f"Shared with {share_with!r} already; nothing was changed. nc_share_update changes a share."
            )
        wanted["shareWith"] = share_with
    try:
        made = await shares.create(path, {"shareType": share_type, **wanted})
    except NotFound as error:
        raise await _unknown(shares, error, share_type, share_with) from None
    return told(whole(made))


@TOOLS.read(untrusted=True)
async def nc_share_list(
    shares: Shares,
    path: Annotated[str | None, Field(description="Only its shares.")] = None,
    shared_with_me: Annotated[bool, Field(description="Instead of one's own.")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Told:
    """List shares; nc_share_get tells all of one."""
    page = paginate(await shares.all(path, received=shared_with_me), limit, cursor).map(listed)
    return told(page.items, next_cursor=page.next_cursor, total=page.total)


@TOOLS.read(untrusted=True)
async def nc_share_get(shares: Shares, share_id: int) -> Told:
    """Read one share."""
    return told(whole(await shares.get(share_id)))


@TOOLS.update(untrusted=True)
async def nc_share_update(
    shares: Shares,
    share_id: int,
    permissions: NewPermissions | None = None,
    expire_date: NewDay = None,
    password: Annotated[str | None, Field(description="Of a link; empty takes it away.")] = None,
    note: str | None = None,
    label: str | None = None,
) -> Told:
    """Change the given fields of a share."""
    fields = await _fields(shares, permissions, expire_date, password=password, note=note, label=label)
    if not fields:
        raise InvalidValue("Nothing to change: none of permissions, expire_date, password, note, label is given.")
    return told(whole(await shares.update(share_id, fields)))


@TOOLS.delete()
async def nc_share_delete(shares: Shares, share_id: int) -> Told:
    """Stop sharing; the file itself stays. For the recipient: leave the share. A link's address never works again."""
    await shares.delete(share_id)
    return told({"success": True, "message": f"Share {share_id} deleted; the file itself stays."})


@TOOLS.create(untrusted=True, title="Public link")
async def nc_share_create_public_link(
    shares: Shares,
    path: str,
    expires_in_minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES, description="Rounded up to the end of the day.")] = 30,
    password: str | None = None,
    label: str | None = None,
) -> PublicLink:
    """Make a link that lets whoever has it read a file or folder without signing in."""
    end = midnight_after(await shares.today(), expires_in_minutes)
    fields: dict[str, Any] = {"shareType": LINK, "permissions": PERMISSIONS["read"], "expireDate": end.date().isoformat()}
    made = await shares.create(path, fields | _given(password=password or None, label=label or None))
    return _link(path, made, end.isoformat())


def _link(path: str, made: Share, expires_at: str) -> PublicLink:
    url = made.get("url")
    if not isinstance(url, str) or not str(made.get("id", "")).isdecimal():
        raise BadAnswer(f"Nextcloud's answer about the link to {path!r} has no address.", hint="nc_share_list shows whether it was made.")
    return PublicLink(
        path=str(made.get("path") or path),
        share_id=int(made["id"]),
        url=url,
        download_url=f"{url}/download",
        token=made.get("token"),
        permissions=int(made.get("permissions") or 0),
        expires_at=expires_at,
        message="Whoever has the address can read it; nc_share_delete ends it.",
    )


async def _fields(shares: Shares, permissions: int | str | None, expire_date: str | None, **texts: str | None) -> dict[str, Any]:
    """What the API is told; nothing of it is sent before all of it is checked."""
    day = None if expire_date is None else stop_day(expire_date, (await shares.today()).date())
    bits = None if permissions is None else mask(permissions, PERMISSIONS)
    return _given(permissions=bits, expireDate=day, **texts)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


async def _unknown(shares: Shares, error: NotFound, share_type: int, share_with: str | None) -> NotFound:
    """The same error with those the person may have meant."""
    if share_with is None or share_type not in (USER, GROUP):
        return error
    return NotFound(
        f"{error.message.rstrip('.')}: {share_with!r} is unknown.",
        candidates=await recipients(shares.session, share_with[:3], share_type),
        hint="nc_users_find_people finds people and groups by name; take their id.",
    )
