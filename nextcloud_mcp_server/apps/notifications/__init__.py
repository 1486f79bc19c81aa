"""Nextcloud's notifications (OCS API v2)."""

from nextcloud_mcp_server.apps.notifications.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(
    name="notifications", title="Notifications", tools=TOOLS, requires=lambda capabilities: "notifications" in capabilities, default=False
)
