"""An assistant plans a project over MCP across all apps, a colleague sees it, and the assistant undoes it."""

import json
import re
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

BRIEF = """# Garden of the school

- [ ] Order seeds (2026-12-04, alice)
- [ ] Build the beds (2026-12-11, alice)
- [ ] Invite the parents (2026-12-18, alice)
"""
LINE = re.compile(r"- \[ \] (?P<title>.+) \((?P<day>[\d-]+), (?P<who>\w+)\)")


@dataclass
class Session:
    """One person's assistant, connected over HTTP."""

    client: Client

    async def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.client.call_tool(tool, arguments)
        content = result.content[0]
        assert isinstance(content, types.TextContent)
        assert not result.is_error, f"{tool}: {content.text}"
        return json.loads(content.text)

    async def standing(self, table: int) -> dict[str, Any]:
        """What a person would look at to see whether anything is left."""
        return {
            "notes": {note["title"] for note in (await self("nc_notes_search_notes", limit=500))["results"]},
            "files": {file["path"] for file in (await self("nc_webdav_list_directory", limit=500))["files"]},
            "calendars": {one["name"] for one in (await self("nc_calendar_list_calendars", limit=500))["calendars"]},
            "shares": {one["path"] for one in json.loads((await self("nc_share_list", limit=500))["result"])},
            "rows": [row["id"] for row in (await self("nc_tables_read_table", table_id=table, limit=500))["rows"]],
        }


@asynccontextmanager
async def connected(sandbox: Running, user: str) -> AsyncGenerator[Session]:
    async with server(environment(sandbox, user)) as served, Client(f"{served.url}/mcp") as client:
        yield Session(client)


async def milestones_table(sandbox: Running, title: str) -> int:
    """Assistants fill tables; people make them."""
    person = session(sandbox.url, "alice", "alice")
    made = await person.request(
        "POST", "/index.php/apps/tables/api/1/tables", what="the table", json={"title": title, "template": "custom"}
    )
    table = made.json()["id"]
    for kind, name, subtype in (("text", "Milestone", "line"), ("datetime", "Due", "date")):
        column = {"baseNodeId": table, "baseNodeType": "table", "title": name, "subtype": subtype}
        await person.ocs("POST", f"/apps/tables/api/2/columns/{kind}", what="the column", json=column)
    await person.transport.aclose()
    return table


@dataclass
class Project:
    """What planning made, by id."""

    name: str
    brief: int
    summary: int
    board: int
    stacks: list[int]
    cards: list[int]
    events: list[str]
    rows: list[int]
    share: int


async def plan(alice: Session, name: str, table: int) -> Project:
    brief = (await alice("nc_notes_create_note", title=f"{name} brief", content=BRIEF))["id"]
    read = await alice("nc_notes_get_note", note_id=brief)
    tasks = [found.groupdict() for found in LINE.finditer(read["content"])]

    await alice("nc_webdav_create_directory", path=name)
    await alice("nc_webdav_write_file", path=f"{name}/plan.md", content="# Plan\n")
    found = await alice("nc_users_find_people", query="bob")
    colleague = next(one["id"] for one in found["people"] if one["kind"] == "user")
    share = await alice("nc_share_create", path=name, share_with=colleague, permissions=1, note="The plan")

    board = (await alice("deck_create_board", title=name, color="00aa00"))["id"]
    stacks = [(await alice("deck_create_stack", board_id=board, title=one, order=n))["id"] for n, one in enumerate(("To do", "Done"))]
    label = (await alice("deck_create_label", board_id=board, title="milestone", color="ff0000"))["id"]
    await alice("nc_calendar_manage_calendar", action="create", calendar_name=name, display_name=name)
    cards, events, rows = list[int](), list[str](), list[int]()
    for task in tasks:
        card = await alice("deck_create_card", board_id=board, stack_id=stacks[0], title=task["title"], duedate=f"{task['day']}T12:00:00Z")
        at = {"board_id": board, "stack_id": stacks[0], "card_id": card["id"]}
        await alice("deck_assign_user_to_card", **at, user_id=task["who"])
        await alice("deck_assign_label_to_card", **at, label_id=label)
        await alice("deck_attach_file", card_id=card["id"], path=f"{name}/plan.md")
        event = await alice("nc_calendar_create_event", calendar_name=name, title=task["title"], start_datetime=task["day"], all_day=True)
        row = await alice("nc_tables_insert_row", table_id=table, data={"Milestone": task["title"], "Due": task["day"]})
        cards, events, rows = [*cards, card["id"]], [*events, event["uid"]], [*rows, row["id"]]
    await alice("deck_attach_note", card_id=cards[0], note_id=brief)
    summary = await alice("nc_notes_create_note", title=f"{name} summary", content="\n".join(task["title"] for task in tasks))
    return Project(name, brief, summary["id"], board, stacks, cards, events, rows, share=int(json.loads(share["result"])["id"]))


async def undo(alice: Session, made: Project) -> None:
    """The other way round; everything that Nextcloud has a trash for goes there."""
    for note in (made.summary, made.brief):
        await alice("nc_notes_delete_note", note_id=note)
    for row in made.rows:
        await alice("nc_tables_delete_row", row_id=row)
    await alice("nc_calendar_manage_calendar", action="delete", calendar_name=made.name)
    dry = await alice("deck_delete_stack", board_id=made.board, stack_id=made.stacks[0])
    assert len(dry["would_delete"]) == len(made.cards)
    for stack in made.stacks:
        await alice("deck_delete_stack", board_id=made.board, stack_id=stack, confirm=True)
    await alice("nc_share_delete", share_id=made.share)
    await alice("nc_webdav_delete_resource", path=made.name)


async def test_a_project_is_planned_across_all_apps_seen_by_a_colleague_and_undone(sandbox: Running) -> None:
    name = f"project-{uuid.uuid4().hex[:8]}"
    table = await milestones_table(sandbox, name)
    async with connected(sandbox, "alice") as alice, connected(sandbox, "bob") as bob:
        before = await alice.standing(table)
        made = await plan(alice, name, table)

        overview = await alice("deck_get_board_overview", board_id=made.board)
        cards = overview["stacks"][0]["cards"]
        assert [card["title"] for card in cards] == ["Order seeds", "Build the beds", "Invite the parents"]
        for number, card in enumerate(cards):
            full = await alice("deck_get_card", board_id=made.board, stack_id=made.stacks[0], card_id=card["id"])
            assert full["duedate"].startswith(("2026-12-04", "2026-12-11", "2026-12-18")[number])
            assert [one["participant"]["uid"] for one in full["assignedUsers"]] == ["alice"]
            assert [one["title"] for one in full["labels"]] == ["milestone"]
            assert len(full["attachments"]) == (2 if number == 0 else 1)
        listed = await alice("nc_calendar_list_events", calendar_name=name, start_date="2026-12-01", end_date="2026-12-31")
        assert [(one["summary"], one["start"]) for one in listed["events"]] == [
            ("Order seeds", "2026-12-04"),
            ("Build the beds", "2026-12-11"),
            ("Invite the parents", "2026-12-18"),
        ]
        rows = (await alice("nc_tables_read_table", table_id=table))["rows"]
        assert [row["id"] for row in rows] == made.rows
        assert (await bob("nc_webdav_read_file", path=f"{name}/plan.md"))["content"] == "# Plan\n"

        await undo(alice, made)

        assert await alice.standing(table) == before
        assert (await alice("deck_get_stacks", board_id=made.board))["stacks"] == []
        assert name not in str((await bob("nc_webdav_list_directory"))["files"])
        trash = {one["path"].rpartition("/")[2] for one in (await alice("nc_webdav_list_trash", limit=500))["results"]}
        assert {name, f"{name} brief.md", f"{name} summary.md"} <= trash
