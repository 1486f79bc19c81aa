"""List, call and the 403 agree for every tool, whatever the token, the stored grant and the mode are."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.server.catalog import Limits
from tests.surface import scopes_table
from tests.surface.scopes_table import CATALOG, EVERY, Cell, disagreements, surfaces, table

TOOLS = len(CATALOG.tools)


async def test_list_and_call_agree_for_every_tool_token_grant_and_mode() -> None:
    count, wrong = await table()
    assert wrong == []
    assert count == TOOLS * (2 + 2 * len(scopes_table.token_scopes()) * len(scopes_table.grants()))


def test_they_agree_where_python_leaves_asserts_out() -> None:
    done = subprocess.run(
        [sys.executable, "-O", "-m", "tests.surface.scopes_table"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("optimize=1 cells=")


async def test_the_table_notices_a_tool_that_asks_for_no_scope() -> None:
    surface = surfaces()["oauth"]
    tool = replace(surface.bound["nc_notes_get_note"].tool, scopes=frozenset())
    open_to_all = Cell("oauth", frozenset(), None, tool)
    view = await surface.view(Caller("i", "s", frozenset()))
    listed = frozenset(one.name for one in surface.tools(view).tools)
    assert await disagreements(open_to_all, surface, listed)


async def test_a_token_without_scopes_of_apps_sees_no_tool_of_an_app() -> None:
    for mode in ("login_flow", "oauth"):
        surface = surfaces()[mode]
        for scopes in (frozenset[str](), frozenset({"openid", "profile", "email", "offline_access"})):
            listed = surface.tools(await surface.view(Caller("i", "s", scopes))).tools
            assert {tool.name for tool in listed} <= {tool.name for tool in CATALOG.apps["auth"].tools.tools}
            assert bool(listed) == bool(scopes)


def test_every_tool_of_an_app_asks_for_a_scope_of_its_effect() -> None:
    for tool in CATALOG.tools.values():
        assert tool.scopes, tool.name
        if not tool.always:
            wanted = {"read"} if tool.effect == "read" else {"write", "send"}
            assert {scope.partition(":")[2] for scope in tool.scopes} & wanted, tool.name


def test_what_is_advertised_is_what_the_listed_tools_need() -> None:
    assert CATALOG.scopes(Limits(frozenset(CATALOG.apps))) == EVERY
    assert CATALOG.scopes(Limits(frozenset({"notes"}))) == {"openid", "notes:read", "notes:write"}
    assert CATALOG.scopes(Limits(frozenset({"notes"}), "read")) == {"openid", "notes:read"}
