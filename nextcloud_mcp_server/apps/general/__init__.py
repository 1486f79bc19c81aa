"""What belongs to no single app: Nextcloud's capabilities, and requests that span apps."""

from nextcloud_mcp_server.apps.general.prompts import PROMPTS
from nextcloud_mcp_server.apps.general.resources import RESOURCES
from nextcloud_mcp_server.core.app import NextcloudApp
from nextcloud_mcp_server.core.tools import Toolbox

APP = NextcloudApp(name="general", title="Nextcloud", tools=Toolbox("general"), resources=RESOURCES, prompts=PROMPTS)
