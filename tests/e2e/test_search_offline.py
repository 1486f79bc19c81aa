"""OAuth with a provider: the worker indexes for those who allowed it while they are away, by their refresh tokens, and for nobody else."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from nextcloud_sandbox.server import Running, running
from tests.e2e.leaks import Watch
from tests.e2e.many import many
from tests.e2e.modes import at_provider, called, refused
from tests.e2e.test_modes_oauth import jwks, settings
from tests.e2e.user_oidc import UserOidc, user_oidc
from tests.identity.conftest import node_provider
from tests.providers.node_provider import NEXTCLOUD, NodeProvider
from tests.providers.postgres import postgres_server

__all__ = ["node_provider", "postgres_server"]


@pytest.fixture
async def box() -> AsyncGenerator[Running]:
    async with running(seed=False) as one:
        one.sandbox.files("alice").write("/Notes/One.md", b"A note of the aardvark.", parents=True)
        one.sandbox.files("bob").write("/Notes/Own.md", b"A note of the ferret.", parents=True)
        yield one


@pytest.fixture
async def nextcloud(box: Running, node_provider: NodeProvider) -> AsyncGenerator[UserOidc]:
    async with user_oidc(box, jwks(node_provider.discovery_url), NEXTCLOUD) as one:
        yield one


async def test_who_allowed_work_while_away_is_indexed_by_refresh_token_and_nobody_else(
    box: Running, nextcloud: UserOidc, node_provider: NodeProvider, tmp_path: Path, postgres_server: str, watch: Watch
) -> None:
    more = settings(node_provider.discovery_url, watch, MCP_IDENTITY_PROVIDER="nextcloud", NEXTCLOUD_RESOURCE_URI=NEXTCLOUD)
    more |= {"MCP_TOOLSETS": "notes,semantic"}
    async with many(nextcloud.url, tmp_path, postgres_server, **more) as world, AsyncExitStack() as stack:
        await world.signs_in(stack, "alice", at_provider("alice", watch, offline=True))
        await world.signs_in(stack, "bob", at_provider("bob", watch))
        await world.settles({"aardvark": {"alice": {"note"}, "bob": set()}, "ferret": {"alice": set(), "bob": set()}})
        assert {owner for owner, _, _ in await world.passages()} == {"alice"}
        assert "aardvark" not in await world.everything()

        box.sandbox.files("alice").write("/Notes/One.md", b"Now a note of the badger.")
        await world.settles({"aardvark": {"alice": set()}, "badger": {"alice": {"note"}, "bob": set()}})

        alice = world.people["alice"]
        await called(alice, "revoke_nextcloud_access")
        assert "sign in again" in await refused(alice, "nc_semantic_search", query="badger")
        await world.until(f"select count(*) from {await world.table()}", 0)
