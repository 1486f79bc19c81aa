"""Nextcloud Cookbook: recipes as schema.org describes them (REST API v1)."""

from nextcloud_mcp_server.apps.cookbook.resources import RESOURCES
from nextcloud_mcp_server.apps.cookbook.source import CookbookSource
from nextcloud_mcp_server.apps.cookbook.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(
    name="cookbook",
    title="Cookbook",
    tools=TOOLS,
    requires=lambda capabilities: "cookbook" in capabilities,
    instructions="Recipes; durations are ISO 8601 (PT30M), ids come from the listings.",
    resources=RESOURCES,
    sources=(CookbookSource,),
)
