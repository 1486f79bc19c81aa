"""An assistant plans a project over MCP across all apps, a colleague's assistant works in it, and nothing is left of it."""

import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from mcp import Client

from nextcloud_sandbox.server import Running
from tests.e2e.conftest import environment, server
from tests.support.assistant import session
from tests.support.project import check, check_as_colleague, milestones_table, plan, standing, undo


@dataclass
class Connected:
    """One person's assistant, connected over HTTP."""

    client: Client

    async def answer(self, tool: str, /, **arguments: Any) -> tuple[bool, str]:
        """Whether it is an error, and the text."""
        result = await self.client.call_tool(tool, arguments)
        content = result.content[0]
        assert isinstance(content, types.TextContent)
        return bool(result.is_error), content.text

    async def __call__(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        failed, text = await self.answer(tool, **arguments)
        assert not failed, f"{tool}: {text}"
        return json.loads(text)


@asynccontextmanager
async def connected(sandbox: Running, user: str) -> AsyncGenerator[Connected]:
    async with server(environment(sandbox, user)) as served, Client(f"{served.url}/mcp") as client:
        yield Connected(client)


async def test_a_project_is_planned_across_all_apps_shared_with_a_colleague_and_undone_without_a_trace(sandbox: Running) -> None:
    name = f"project-{uuid.uuid4().hex[:8]}"
    person = session(sandbox.url, "alice", "alice")
    table = await milestones_table(person, name)
    await person.transport.aclose()
    async with connected(sandbox, "alice") as alice, connected(sandbox, "bob") as bob:
        before = [await standing(alice), await standing(bob)]
        made = await plan(alice, name, table, "bob")
        assert made.people == ("alice", "bob")
        await check(alice, made)
        await check_as_colleague(bob, made)

        await undo(alice, made)

        assert [await standing(alice), await standing(bob)] == before
        assert (await alice("nc_tables_read_table", table_id=table))["rows"] == []
        for person_ in (alice, bob):
            failed, text = await person_.answer("deck_get_board", board_id=made.board)
            assert (failed, f"Board {made.board} not found" in text) == (True, True)
            failed, _ = await person_.answer("nc_webdav_read_file", path=f"{name}/plan.md")
            assert failed
        trash = {one["path"].rpartition("/")[2] for one in (await alice("nc_webdav_list_trash", limit=500))["results"]}
        assert {name, f"{name} brief.md", f"{name} summary.md"} <= trash
