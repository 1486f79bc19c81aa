"""Nextcloud's activity log (OCS API v2)."""

from nextcloud_mcp_server.apps.activity.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(name="activity", title="Activity", tools=TOOLS, requires=lambda capabilities: "activity" in capabilities, default=False)
