"""The management API of the modes that keep something for people."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from starlette.routing import Route

from nextcloud_mcp_server import __version__
from nextcloud_mcp_server.auth.sides import Sides
from nextcloud_mcp_server.settings import Mode, Settings

if TYPE_CHECKING:
    from nextcloud_mcp_server.web.management.operations import Operation

_OLDER_WORDS = {Mode.LOGIN_FLOW: "oauth", Mode.OAUTH: "oauth", Mode.BASIC: "multi_user_basic"}


def management(settings: Settings, mode: Sides, scopes: Callable[[], frozenset[str]], search: "Sequence[Operation]" = ()) -> list[Route]:
    """Its routes. In single-user mode, and for pass-through without work in the background, only those of `search`."""
    sync = bool(settings.sync.enabled)
    kept = settings.mode in _OLDER_WORDS and (settings.mode is not Mode.BASIC or settings.identity.background or sync)
    if not kept and not search:
        return []
    from nextcloud_mcp_server.web.management.calls import Api, Features
    from nextcloud_mcp_server.web.management.operations import routes

    webhooks, rerank = settings.sync.webhook_secret is not None, settings.search.rerank_url is not None
    features = Features(__version__, _OLDER_WORDS.get(settings.mode, "basic"), sync, sync and webhooks, sync and rerank)
    api = Api(mode, features, scopes)
    if not kept:
        return routes(api, search)
    from nextcloud_mcp_server.web.management import about, people
    from nextcloud_mcp_server.web.management.openapi import with_document

    return routes(api, with_document([*about.OPERATIONS, *people.OPERATIONS, *search]))
