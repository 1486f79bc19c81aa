"""kill -9 between the provider's answer and the store: the person works, or is named as needing consent."""

import signal
import sys

import anyio
import pytest

from nextcloud_mcp_server.auth.oidc.discovery import discover
from nextcloud_mcp_server.auth.oidc.http import ClientSecret, OidcHttp
from nextcloud_mcp_server.auth.oidc.token_endpoint import TokenEndpoint
from nextcloud_mcp_server.auth.outbound.grants import Grants, NeedsConsent
from nextcloud_mcp_server.storage import Database
from tests.identity.own_server import KEY, state
from tests.providers.cache import PROJECT
from tests.providers.node_provider import CLIENT, NEXTCLOUD, SECRET, NodeProvider

PEOPLE = 5


@pytest.mark.timeout(60)
async def test_killed_between_answer_and_store_the_person_is_named_as_needing_consent(
    node_provider: NodeProvider, database: Database, database_address: str
) -> None:
    own, http = state(database), OidcHttp()
    endpoint = TokenEndpoint(await discover(http, node_provider.discovery_url), ClientSecret(CLIENT, SECRET), http)
    grants = Grants(database, own.vault, own.audit, own.events, endpoint, resource=NEXTCLOUD)
    for number in range(PEOPLE):
        told = await anyio.to_thread.run_sync(lambda: node_provider.tokens("alice", "openid offline_access notes:read", resource=NEXTCLOUD))
        answer = await endpoint.refresh(told["refresh_token"], (), NEXTCLOUD)
        await grants.store(f"g{number}", endpoint.provider.issuer, f"p{number}", "app", answer, frozenset({"notes:read"}), True)
        if number == 0:
            continue
        command = [sys.executable, "-m", "tests.identity.refresher", database_address, KEY, node_provider.discovery_url, f"g{number}"]
        killed = await anyio.run_process(command, check=False, cwd=PROJECT)
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    await database.run("update lease set until = 0")
    people = {grant.id: grant for grant in await grants.offline()}
    assert {grant.state for grant in people.values()} == {"active", "refreshing"}
    await grants.renew(people["g0"], {"notes:read"})
    for number in range(1, PEOPLE):
        with pytest.raises(NeedsConsent):
            await grants.renew(people[f"g{number}"], {"notes:read"})
    assert {grant.id: grant.state for grant in await grants.offline()} == {"g0": "active"} | {f"g{n}": "lost" for n in range(1, PEOPLE)}
    await grants.renew(people["g0"], {"notes:read"})
    await http.aclose()
