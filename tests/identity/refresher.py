"""A process that forks one child for each grant; a child renews its grant and dies by SIGKILL at a point of that. Run by test_crash.

Forking after the imports makes a hundred deaths cheap. Prints the points and grants of those who did not die so.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any

from nextcloud_mcp_server.auth.oidc.discovery import Provider, discover
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenEndpoint
from nextcloud_mcp_server.auth.outbound.grants import Grants
from nextcloud_mcp_server.storage import Audit, Events, Vault, open_database
from tests.providers.node_provider import CLIENT, NEXTCLOUD, SECRET

AT_ONCE = 6
POINTS = {
    "the provider has answered": lambda grants: (grants._endpoint, "refresh"),
    "the answer is written, not committed": lambda grants: (grants, "_keep"),
    "the answer is committed": lambda grants: (grants, "_renewed"),
}


async def found(discovery: str) -> Provider:
    http = OidcHttp(verify=False)
    try:
        return await discover(http, discovery)
    finally:
        await http.aclose()


async def renew(address: str, key: str, provider: Provider, id: str, point: str) -> None:
    database = open_database(address)
    await database.open()
    audit, events = Audit(database), Events(database)
    endpoint = TokenEndpoint(provider, ClientSecret(CLIENT, SECRET), OidcHttp(verify=False))
    grants = Grants(database, Vault(database, audit, [key]), audit, events, endpoint, resource=NEXTCLOUD)
    owner, name = POINTS[point](grants)
    original = getattr(owner, name)

    async def fatal(*given: Any) -> None:
        await original(*given)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, fatal)
    grant = await grants.find(id)
    assert grant
    await grants.renew(grant, {"notes:read"})


def killed(address: str, key: str, provider: Provider, deaths: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of `deaths` (grant, point) that did not come."""
    open_database(address)  # not opened: the children find the engine imported
    alive: dict[int, tuple[str, str]] = {}
    survived: list[tuple[str, str]] = []
    for death in [*deaths, *[None] * AT_ONCE]:
        if alive and (len(alive) == AT_ONCE or death is None):
            child, status = os.wait()
            ended = alive.pop(child)
            if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
                survived.append(ended)
        if death is None:
            continue
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(renew(address, key, provider, *death))
            finally:
                os._exit(1)
        alive[child] = death
    return survived


if __name__ == "__main__":
    address, key, discovery = sys.argv[1:]
    print(json.dumps(killed(address, key, asyncio.run(found(discovery)), json.load(sys.stdin))))
