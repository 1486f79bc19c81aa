"""A process that renews one grant and dies between the provider's answer and the store, if told to. Run by test_crash."""

import asyncio
import os
import signal
import sys

from nextcloud_mcp_server.auth.oidc.discovery import discover
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenEndpoint
from nextcloud_mcp_server.auth.outbound.grants import Grants
from nextcloud_mcp_server.storage import Audit, Events, Vault, open_database
from tests.providers.node_provider import CLIENT, NEXTCLOUD, SECRET


async def main(address: str, key: str, discovery: str, grants: list[str]) -> None:
    database, http = open_database(address), OidcHttp()
    await database.open()
    audit, events = Audit(database), Events(database)
    endpoint = TokenEndpoint(await discover(http, discovery), ClientSecret(CLIENT, SECRET), http)
    known = Grants(database, Vault(database, audit, [key]), audit, events, endpoint, resource=NEXTCLOUD)
    original = endpoint.refresh

    async def fatal(*given: object) -> object:
        await original(*given)  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    endpoint.refresh = fatal  # type: ignore[method-assign,assignment]
    grant = await known.find(grants[0])
    assert grant
    try:
        await known.renew(grant, {"notes:read"})
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
