"""Nextcloud's unified search (OCS API of the server: search/providers)."""

import asyncio
from collections.abc import Sequence

from nextcloud_mcp_server.apps.unified.models import FOUND, PROVIDERS, Found, Hit, Provider
from nextcloud_mcp_server.core.errors import BadAnswer, InvalidValue, NotFound
from nextcloud_mcp_server.nextcloud.answers import shape
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.hidden import hidden
from nextcloud_mcp_server.nextcloud.ocs import as_list
from nextcloud_mcp_server.nextcloud.session import segment

API = "/search/providers"


class Unified(Client):
    """Everything that one person can search."""

    async def providers(self) -> list[Provider]:
        what = "the search providers"
        return shape(PROVIDERS, as_list(await self.session.ocs("GET", API, what=what)), what)

    async def chosen(self, names: Sequence[str] | None) -> list[str]:
        """The ids of these providers, or of all. Raises NotFound with those there are: Nextcloud would fail on others."""
        known = [provider.id for provider in await self.providers()]
        if missing := [name for name in names or () if name not in known]:
            raise NotFound(f"There is no search provider {missing[0]!r}.", candidates=known)
        return list(dict.fromkeys(names)) if names else known

    async def search(self, query: str, providers: Sequence[str], limit: int) -> tuple[list[Hit], list[str], list[str]]:
        """Hits of all, those that have more, and those that failed."""
        found = await asyncio.gather(*(self._ask(provider, query, limit) for provider in providers))
        unseen = await hidden(self.session)
        pairs = [(provider, one) for provider, one in zip(providers, found, strict=True) if one is not None]
        hits = [entry.hit(provider) for provider, one in pairs for entry in one.entries[:limit]]
        more = [provider for provider, one in pairs if len(one.entries) >= limit and (one.isPaginated or len(one.entries) > limit)]
        seen = [hit for hit in hits if not (hit.path or hit.file_id) or not unseen.hides(hit.path or "/?", hit.file_id)]
        return seen, more, [provider for provider, one in zip(providers, found, strict=True) if one is None]

    async def _ask(self, provider: str, query: str, limit: int) -> Found | None:
        """None where this provider fails: the others' hits are worth having."""
        what, params = f"search in {provider}", {"term": query, "limit": str(limit)}
        try:
            return shape(FOUND, await self.session.ocs("GET", f"{API}/{segment(provider)}/search", what=what, params=params), what)
        except (BadAnswer, InvalidValue, NotFound):
            return None
