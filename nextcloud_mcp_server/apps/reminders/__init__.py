"""Reminders of files (OCS API of the file reminders app)."""

from nextcloud_mcp_server.apps.reminders.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(name="reminders", title="File reminders", tools=TOOLS, default=False)
