"""Nextcloud's own search over all that its apps offer to it (OCS)."""

from nextcloud_mcp_server.apps.unified.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(name="unified", title="Unified search", tools=TOOLS, default=False)
