"""A provider that is asked what it is when it is first needed: whoever can do without it does not wait for it."""

import asyncio

from nextcloud_mcp_server.auth.oidc.discovery import Overrides, Provider, discover
from nextcloud_mcp_server.auth.oidc.errors import ProviderUnfit
from nextcloud_mcp_server.auth.oidc.http import OidcHttp
from nextcloud_mcp_server.core.errors import Unreachable


class LateProvider:
    """One provider by the address of its discovery document; `found` is what is known of it already."""

    def __init__(self, http: OidcHttp, url: str, overrides: Overrides | None = None, *, found: Provider | None = None) -> None:
        self.http = http
        self.url = url
        self.found = found
        self._overrides = overrides
        self._turn = asyncio.Lock()

    async def get(self) -> Provider:
        """Raises Unreachable, also for one that answers and is unfit: somebody else's request is no place to stop the server."""
        async with self._turn:
            if self.found is None:
                try:
                    self.found = await discover(self.http, self.url, self._overrides)
                except ProviderUnfit as unfit:
                    raise Unreachable(unfit.message, retry_after=60.0, hint=unfit.hint) from None
            return self.found
