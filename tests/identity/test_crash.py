"""kill -9 between the provider's answer and the store, a hundred times: the person works, or is named as needing consent."""

import itertools
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator

import anyio
import pytest

from nextcloud_mcp_server.auth.oidc.discovery import discover
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenAnswer, TokenEndpoint
from nextcloud_mcp_server.auth.outbound.grants import Grants, NeedsConsent
from nextcloud_mcp_server.storage import Database
from tests.identity.own_server import KEY, state
from tests.identity.refresher import POINTS
from tests.providers.cache import PROJECT
from tests.providers.node_provider import CLIENT, NEXTCLOUD, SECRET, NodeProvider

DEATHS = 100
AFTER = 10
"""Deaths after the commit, on top of those before it."""
SIGNING_IN = 4


@pytest.fixture
async def grants(node_provider: NodeProvider, database: Database) -> AsyncIterator[Grants]:
    own, http = state(database), OidcHttp()
    endpoint = TokenEndpoint(await discover(http, node_provider.discovery_url), ClientSecret(CLIENT, SECRET), http)
    yield Grants(database, own.vault, own.audit, own.events, endpoint, resource=NEXTCLOUD)
    await http.aclose()


async def signed_in(node: NodeProvider, grants: Grants, ids: list[str]) -> None:
    """A grant for each of `ids`, as after a sign-in."""
    limit = anyio.CapacityLimiter(SIGNING_IN)

    async def one(id: str) -> None:
        told = await anyio.to_thread.run_sync(
            lambda: node.tokens("alice", "openid offline_access notes:read", resource=NEXTCLOUD), limiter=limit
        )
        answer = TokenAnswer(told["access_token"], 0.0, told["refresh_token"])
        await grants.store(id, node.issuer, f"person {id}", "app", answer, frozenset({"notes:read"}), True)

    async with anyio.create_task_group() as group:
        for id in ids:
            group.start_soon(one, id)


async def outcome(grants: Grants, id: str) -> str:
    """What becomes of a person at the next use."""
    try:
        token = await grants.access_token(id, {"notes:read"})
    except NeedsConsent:
        found = await grants.find(id)
        return f"needs consent, {found.state if found else 'gone'}"
    return "works" if token else "no token"


@pytest.mark.timeout(120)
async def test_killed_a_hundred_times_everybody_works_or_is_named_as_needing_consent(
    node_provider: NodeProvider, grants: Grants, database: Database, database_address: str
) -> None:
    before, after = list(POINTS)[:2], list(POINTS)[2]
    deaths = [(f"g{number}", point) for number, point in zip(range(DEATHS), itertools.cycle(before), strict=False)]
    deaths += [(f"after{number}", after) for number in range(AFTER)]
    await signed_in(node_provider, grants, ["untouched", *(id for id, _ in deaths)])
    command = [sys.executable, "-m", "tests.identity.refresher", database_address, KEY, node_provider.discovery_url]
    done = await anyio.run_process(command, input=json.dumps(deaths).encode(), check=False, cwd=PROJECT)
    assert json.loads(done.stdout or b"null") == [], done.stderr.decode()
    # The leases of the dead run out.
    await database.run("update lease set until = 0")
    seen = Counter[tuple[str, str]]()
    for id, point in deaths:
        seen[point, await outcome(grants, id)] += 1
    assert seen == {
        (before[0], "needs consent, lost"): DEATHS // 2,
        (before[1], "needs consent, lost"): DEATHS // 2,
        (after, "works"): AFTER,
    }
    assert await outcome(grants, "untouched") == "works"
    for id in ("untouched", *(f"after{number}" for number in range(AFTER))):
        grant = await grants.find(id)
        assert grant
        await grants.renew(grant, {"notes:read"})
