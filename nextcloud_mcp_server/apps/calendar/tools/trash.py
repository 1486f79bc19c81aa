"""The calendar trash."""

import asyncio

from nextcloud_mcp_server.apps.calendar.client import Calendars, InTrash
from nextcloud_mcp_server.apps.calendar.models import Trashed
from nextcloud_mcp_server.apps.calendar.objects import WORD
from nextcloud_mcp_server.apps.calendar.tools.shared import TOOLS
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate


@TOOLS.read(items="deleted", untrusted=True, title="List deleted events")
async def nc_calendar_list_trash(calendars: Calendars, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Trashed]:
    """List deleted events and tasks, newest first."""
    return paginate([_shown(one) for one in await _deleted(calendars)], limit, cursor)


@TOOLS.update(untrusted=True)
async def nc_calendar_restore_event(calendars: Calendars, uid: str) -> Trashed:
    """Bring a deleted event or task back from the trash."""
    for one in await _deleted(calendars):
        if one.opened.uid == uid:
            await calendars.restore(one)
            return _shown(one)
    raise NotFound(f"Nothing with UID {uid!r} is in the calendar trash.", hint="UIDs come from nc_calendar_list_trash.")


async def _deleted(calendars: Calendars) -> list[InTrash]:
    events, tasks = await asyncio.gather(calendars.trash("VEVENT"), calendars.trash("VTODO"))
    return sorted(events + tasks, key=lambda one: one.deleted_at.isoformat() if one.deleted_at else "", reverse=True)


def _shown(one: InTrash) -> Trashed:
    opened = one.opened
    return Trashed(
        uid=opened.uid,
        summary=opened.main.text("SUMMARY") or "",
        kind=WORD[opened.kind],
        deleted_at=one.deleted_at.isoformat() if one.deleted_at else None,
        calendar_name=opened.calendar or None,
    )
