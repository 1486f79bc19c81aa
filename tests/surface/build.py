"""The whole surface of this build, without a Nextcloud."""

from nextcloud_mcp_server.server.binding import Bound
from nextcloud_mcp_server.server.catalog import Catalog, find_apps

CATALOG = Catalog(find_apps())
BOUND = {tool.name: Bound(tool) for tool in CATALOG.tools.values()}
