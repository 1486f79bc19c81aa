"""A call acts with the scopes that its tool needs; one that reads in every app acts with all that may be read."""

from typing import Any

import pytest

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.tools import Toolbox
from nextcloud_mcp_server.server.catalog import Catalog, find_apps
from nextcloud_mcp_server.server.surface import needing, uses

TOOLS = Toolbox("shelf")
GRANTED = frozenset({"openid", "shelf:read", "notes:read", "notes:write", "files.read"})


@TOOLS.read()
async def own() -> None: ...


@TOOLS.read(everywhere=True)
async def all_of_it() -> None: ...


def acting(tool: Any, scopes: frozenset[str] | None) -> frozenset[str] | None:
    caller = Caller("issuer", "alice", scopes)
    return needing(caller, uses(tool, caller)).scopes


def test_a_tool_acts_with_its_own_scopes_alone() -> None:
    assert acting(TOOLS.tools[0], GRANTED) == {"openid", "shelf:read"}


def test_a_tool_that_reads_everywhere_acts_with_all_that_the_caller_may_read_and_writes_nothing() -> None:
    assert acting(TOOLS.tools[1], GRANTED) == {"openid", "shelf:read", "notes:read", "files.read"}


@pytest.mark.parametrize("tool", TOOLS.tools)
def test_who_has_no_scopes_stays_unlimited(tool: Any) -> None:
    assert acting(tool, None) is None


def test_search_reads_everywhere_and_nothing_else_does() -> None:
    found = {tool.name for tool in Catalog(find_apps()).tools.values() if tool.everywhere}
    assert found == {"nc_semantic_search", "nc_semantic_search_answer", "nc_notes_semantic_search"}
