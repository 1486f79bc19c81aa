"""Resources and prompts follow the rule of the tools: what a token does not cover is neither listed nor read; nothing acts with more."""

import re
from itertools import product
from typing import Any
from unittest.mock import MagicMock

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from nextcloud_mcp_server.auth.scopes import OIDC
from nextcloud_mcp_server.core.app import Resource
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import Unreachable
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.server.catalog import Limits
from nextcloud_mcp_server.server.protocol import CALLER, Protocol
from nextcloud_mcp_server.server.surface import Surface
from tests.surface.scopes_table import CATALOG, EVERY, Scopes, grants, token_scopes

RESOURCES = [one for app in CATALOG.apps.values() for one in app.resources]
PROMPTS = [one for app in CATALOG.apps.values() for one in app.prompts]
TOKENS: list[Scopes] = [None, OIDC, *token_scopes()]


class Place:
    """A server whose Nextcloud answers nobody; `acted` are the scopes with which it was asked."""

    def __init__(self) -> None:
        self.acted: list[Scopes] = []
        self.protocol = Protocol(Surface(CATALOG, Limits(frozenset(CATALOG.apps)), self._open, "oauth"))

    async def _open(self, caller: Caller) -> Session:
        self.acted.append(caller.scopes)
        raise Unreachable("nowhere")

    async def refused(self, context: Any, uri: str) -> bool:
        """Whether there is no such resource for the caller."""
        with pytest.raises(MCPError) as caught:
            await self.protocol.read_resource(context, types.ReadResourceRequestParams(uri=uri))
        return "There is no resource" in str(caught.value)


@pytest.fixture(scope="module")
def place() -> Place:
    return Place()


def filled(resource: Resource) -> str:
    """A URI of the resource: every placeholder is 7."""
    return re.sub(r"\{\w+\}", "7", resource.uri)


def asked_by(token: Scopes, grant: Scopes) -> Any:
    return MagicMock(request=MagicMock(scope={CALLER: Caller("https://sso", "somebody", token, granted=grant)}))


def covered(needed: frozenset[str], token: Scopes, grant: Scopes) -> bool:
    """The table's opinion: token and grant cover it; what needs nothing in particular needs any scope of an app."""
    for scopes in (token, grant):
        have = scopes if scopes is None else {scope.replace(".", ":") for scope in scopes} - OIDC
        if have is not None and not (needed <= have and have):
            return False
    return True


@pytest.mark.parametrize(("token", "grant"), list(product(TOKENS, grants())), ids=str)
async def test_what_is_listed_and_read_is_what_token_and_grant_cover(place: Place, token: Scopes, grant: Scopes) -> None:
    context = asked_by(token, grant)
    listed = {one.uri for one in (await place.protocol.list_resources(context, None)).resources}
    listed |= {one.uri_template for one in (await place.protocol.list_templates(context, None)).resource_templates}
    prompts = {one.name for one in (await place.protocol.list_prompts(context, None)).prompts}
    both = token is not None and grant is not None and not (token & grant) - OIDC
    for one in RESOURCES:
        wanted = covered(one.scopes, token, grant) and not both
        assert (one.uri in listed) is wanted, one.uri
        assert await place.refused(context, filled(one)) is not wanted, one.uri
    assert prompts == {one.name for one in PROMPTS if covered(one.scopes, token, grant) and not both}


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.uri)
async def test_reading_a_resource_acts_with_its_scopes_alone(place: Place, resource: Resource) -> None:
    assert not await place.refused(asked_by(EVERY | OIDC, None), filled(resource))
    assert (place.acted[-1] or frozenset()) - OIDC == resource.scopes
