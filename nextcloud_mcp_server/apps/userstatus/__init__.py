"""What people tell about themselves: available or not, and a message (OCS API v1)."""

from nextcloud_mcp_server.apps.userstatus.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(
    name="userstatus", title="User status", tools=TOOLS, requires=lambda capabilities: "user_status" in capabilities, default=False
)
