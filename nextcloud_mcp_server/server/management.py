"""The management API of the modes that keep something for people."""

from collections.abc import Callable

from starlette.routing import Route

from nextcloud_mcp_server import __version__
from nextcloud_mcp_server.auth.sides import Sides
from nextcloud_mcp_server.settings import Mode, Settings

_OLDER_WORDS = {Mode.LOGIN_FLOW: "oauth", Mode.OAUTH: "oauth", Mode.BASIC: "multi_user_basic"}


def management(settings: Settings, mode: Sides, scopes: Callable[[], frozenset[str]]) -> list[Route]:
    """Its routes; none in single-user mode and for pass-through without work in the background."""
    sync = bool(settings.sync.enabled)
    if settings.mode not in _OLDER_WORDS or (settings.mode is Mode.BASIC and not (settings.identity.background or sync)):
        return []
    from nextcloud_mcp_server.web.management import about, people
    from nextcloud_mcp_server.web.management.calls import Api, Features
    from nextcloud_mcp_server.web.management.openapi import with_document
    from nextcloud_mcp_server.web.management.operations import routes

    webhooks, rerank = settings.sync.webhook_secret is not None, settings.search.rerank_url is not None
    features = Features(__version__, _OLDER_WORDS[settings.mode], sync, sync and webhooks, sync and rerank)
    return routes(Api(mode, features, scopes), with_document([*about.OPERATIONS, *people.OPERATIONS]))
