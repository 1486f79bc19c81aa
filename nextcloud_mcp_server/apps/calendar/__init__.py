"""Nextcloud Calendar and Tasks: events, meetings, tasks (CalDAV)."""

from nextcloud_mcp_server.apps.calendar.source import event_source, task_source
from nextcloud_mcp_server.apps.calendar.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(
    name="calendar",
    title="Calendar",
    tools=TOOLS,
    instructions=(
        "Times without offset are in the form they are stored in; all-day ends are exclusive (see last_day). "
        "An occurrence of a series is named by `occurrence`; without it the whole series is meant."
    ),
    sources=(event_source, task_source),
)
