"""The HTTP side of background sync and search, where they are on."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from nextcloud_mcp_server.settings import Settings

if TYPE_CHECKING:
    from nextcloud_mcp_server.core.caller import Caller
    from nextcloud_mcp_server.core.documents import IndexSource
    from nextcloud_mcp_server.index.answers import SyncStatus
    from nextcloud_mcp_server.index.bodies import Body
    from nextcloud_mcp_server.index.search import Ask, Results
    from nextcloud_mcp_server.nextcloud.session import Session
    from nextcloud_mcp_server.server.indexing.indexing import Indexing
    from nextcloud_mcp_server.web.management.operations import Operation


def webhooks(settings: Settings, indexing: "Indexing | None") -> list[Route]:
    """Only where a secret guards them."""
    secret = settings.sync.webhook_secret
    if secret is None:
        return []
    if indexing is None:
        from nextcloud_mcp_server.web.webhook_registration import PATH

        return [Route(PATH, _search_is_off, methods=["POST"])]
    from nextcloud_mcp_server.web.webhooks import Webhooks

    return Webhooks(secret.get_secret_value(), indexing).routes()


async def _search_is_off(_: Request) -> JSONResponse:
    message = "Search is off at this server (ENABLE_SEMANTIC_SEARCH), so nothing follows changes."
    return JSONResponse({"error": "search_off", "message": message}, 503)


def search_operations(indexing: "Indexing | None") -> "list[Operation]":
    """Of the API below `/api/v1`, in every mode."""
    if indexing is None:
        return []
    from nextcloud_mcp_server.web.search_api import SearchApi

    return SearchApi(_Index(indexing)).operations()


class _Index:
    """`web.search_api.Index` of this process."""

    def __init__(self, indexing: "Indexing") -> None:
        self._indexing = indexing
        self.reranks = indexing.settings.search.rerank_url is not None

    async def search(self, caller: "Caller", session: "Session", ask: "Ask") -> "Results":
        return await self._indexing.search(caller, session, ask)

    async def status(self, user: str) -> "SyncStatus":
        from nextcloud_mcp_server.server.indexing.finding import sync_status

        return await sync_status(self._indexing, user)

    async def purge(self, doc_type: str) -> int:
        return await self._indexing.purge(doc_type)

    async def sources(self, caller: "Caller", session: "Session") -> "Mapping[str, IndexSource]":
        self._indexing.check()
        return await self._indexing.people.readable_by(caller, session)

    async def passages(self, user: str, doc_type: str, doc_id: str) -> "Sequence[Body]":
        from nextcloud_mcp_server.index.store.port import Key

        self._indexing.check()
        owner = await self._indexing.state.owner(user, doc_type, doc_id)
        return await self._indexing.bodies(Key(owner, doc_type, doc_id)) if owner else ()
