"""The people and groups of a Nextcloud, as far as a person may see them (OCS)."""

from nextcloud_mcp_server.apps.users.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(
    name="users",
    title="People",
    tools=TOOLS,
    instructions="People are named by their id, which may differ from their login name and e-mail address: nc_users_find_people knows it.",
)
