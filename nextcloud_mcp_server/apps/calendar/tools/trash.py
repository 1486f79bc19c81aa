"""The calendar trash."""

import asyncio

from nextcloud_mcp_server.apps.calendar.client import Calendars, InTrash
from nextcloud_mcp_server.apps.calendar.models import Trashed
from nextcloud_mcp_server.apps.calendar.objects import WORD, CalendarObject, Kind
from nextcloud_mcp_server.apps.calendar.tools.shared import TOOLS
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.errors import BadAnswer, NotFound
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate


@TOOLS.read(items="deleted", untrusted=True, title="List deleted events")
async def nc_calendar_list_trash(calendars: Calendars, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Trashed]:
    """List deleted events and tasks, newest first."""
    return paginate([shown for _, shown in await _deleted(calendars)], limit, cursor)


@TOOLS.update(untrusted=True)
async def nc_calendar_restore_event(calendars: Calendars, uid: str) -> Trashed:
    """Bring a deleted event or task back from the trash."""
    for trashed, shown in await _deleted(calendars):
        if shown.uid == uid:
            await calendars.restore(trashed)
            return shown
    raise NotFound(f"Nothing with UID {uid!r} is in the calendar trash.", hint="UIDs come from nc_calendar_list_trash.")


async def _deleted(calendars: Calendars) -> list[tuple[InTrash, Trashed]]:
    events, tasks = await asyncio.gather(calendars.trash("VEVENT"), calendars.trash("VTODO"))
    found = [shown for one in events if (shown := _shown(one, "VEVENT"))] + [shown for one in tasks if (shown := _shown(one, "VTODO"))]
    return sorted(found, key=lambda pair: pair[1].deleted_at or "", reverse=True)


def _shown(one: InTrash, kind: Kind) -> tuple[InTrash, Trashed] | None:
    try:
        opened = CalendarObject.read(one.text, kind)
    except BadAnswer:
        return None
    when = one.deleted_at.isoformat() if one.deleted_at else None
    summary = opened.main.text("SUMMARY") or ""
    return one, Trashed(uid=opened.uid, summary=summary, kind=WORD[kind], deleted_at=when, calendar_name=one.calendar)
