"""The tools of the user status."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.userstatus.client import UserStatus
from nextcloud_mcp_server.apps.userstatus.models import Availability, Status
from nextcloud_mcp_server.core.clock import utc_now
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("userstatus")


@TOOLS.read(untrusted=True, title="Get status")
async def nc_userstatus_get(userstatus: UserStatus, user_id: str | None = None) -> Status:
    """Read availability and status message of the person, or of somebody else by user id."""
    return await userstatus.get(user_id)


@TOOLS.update(untrusted=True, title="Set status")
async def nc_userstatus_set(
    userstatus: UserStatus,
    status: Availability | None = None,
    message: str | None = None,
    icon: Annotated[str | None, Field(description="One emoji.")] = None,
    clear_at: Annotated[str | None, Field(description="ISO 8601; when the message goes, empty for never.")] = None,
) -> Status:
    """Set the person's availability, status message, or both; what is left out stays. dnd also mutes their notifications,
    invisible looks offline to others."""
    if status is None and message is None and icon is None and clear_at is None:
        raise InvalidValue("Nothing to change: none of status, message, icon, clear_at is given.")
    moment = await _seconds(userstatus, clear_at) if clear_at else None
    if message is not None or icon is not None or clear_at is not None:
        now = await userstatus.get()
        kept = int(now.clear_at.timestamp()) if now.clear_at else None
        text, sign = (now.message if message is None else message), (now.icon if icon is None else icon)
        await userstatus.set_message(text or None, sign or None, kept if clear_at is None else moment)
    if status is not None:
        await userstatus.set_availability(status)
    return await userstatus.get()


@TOOLS.delete(title="Clear status")
async def nc_userstatus_clear(userstatus: UserStatus) -> Status:
    """Remove the person's status message and its icon; the availability stays."""
    await userstatus.clear_message()
    return await userstatus.get()


async def _seconds(userstatus: UserStatus, text: str) -> int:
    """Unix seconds of a time to come; one without an offset is meant in the person's time zone."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidValue(f"{text[:40]!r} is not a date or time.", hint="Write it as 2026-12-24T18:00.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=(await userstatus.session.person()).zone)
    if moment <= utc_now():
        raise InvalidValue(f"clear_at {text} is in the past.")
    return int(moment.timestamp())
