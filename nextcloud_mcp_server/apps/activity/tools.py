"""The tool of the activity log."""

from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.activity.client import Activity
from nextcloud_mcp_server.apps.activity.models import Event
from nextcloud_mcp_server.core.arguments import Cursor
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, cursor_for, offset_of
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("activity")


@TOOLS.read(items="activities", untrusted=True, title="Activity")
async def nc_activity_list(
    activity: Activity,
    filter: Annotated[str, Field(description="As all, self, by (others), files, calendar, deck.")] = "all",
    limit: Annotated[int, Field(ge=1, le=200)] = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Event]:
    """List what happened around the person, newest first: files, shares, calendars, comments and more, by whom and when.
    Nextcloud forgets it after a year unless told otherwise."""
    events, following = await activity.events(filter, offset_of(cursor), limit)
    return Page(events, cursor_for(following) if following else None, also={"filter": filter})
