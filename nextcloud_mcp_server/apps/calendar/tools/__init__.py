"""The tools of Calendar."""

from nextcloud_mcp_server.apps.calendar.tools import bulk, calendars, events, planning, todos, trash
from nextcloud_mcp_server.apps.calendar.tools.shared import TOOLS

__all__ = ["TOOLS", "bulk", "calendars", "events", "planning", "todos", "trash"]
