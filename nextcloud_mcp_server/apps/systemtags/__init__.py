"""System tags: what they are and which files carry them (WebDAV)."""

from nextcloud_mcp_server.apps.systemtags.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(name="systemtags", title="Tags", tools=TOOLS, requires=lambda capabilities: "systemtags" in capabilities, default=False)
