"""The HTTP routes of background sync and search, where they are on."""

from typing import TYPE_CHECKING

from starlette.routing import Route

from nextcloud_mcp_server.settings import Settings

if TYPE_CHECKING:
    from nextcloud_mcp_server.server.indexing.indexing import Indexing


def search_routes(settings: Settings, indexing: "Indexing | None") -> list[Route]:
    """Webhooks only where a secret guards them."""
    secret = settings.sync.webhook_secret
    if indexing is None or secret is None:
        return []
    from nextcloud_mcp_server.web.webhooks import Webhooks

    return Webhooks(secret.get_secret_value(), indexing).routes()
