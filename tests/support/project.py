"""The script of an assistant that plans a project across all apps, with a colleague, and undoes it. It needs no model."""

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

from nextcloud_mcp_server.nextcloud.session import Session

BRIEF = """# Garden of the school

- [ ] Order seeds (2026-12-04, {me})
- [ ] Build the beds (2026-12-11, {colleague})
- [ ] Invite the parents (2026-12-18, {colleague})
"""
LINE = re.compile(r"- \[ \] (?P<title>.+) \((?P<day>[\d-]+), (?P<who>[^)]+)\)")
DECEMBER = {"start_date": "2026-12-01", "end_date": "2026-12-31"}


class Ask(Protocol):
    """One person's assistant: calls a tool, gives the fields of its answer, and fails on an error."""

    async def __call__(self, tool: str, /, **arguments: Any) -> dict[str, Any]: ...


@dataclass
class Project:
    """What planning made, by id; `people` are the user ids in the brief."""

    name: str
    table: int
    people: tuple[str, str]
    brief: int
    summary: int
    board: int
    stacks: list[int]
    cards: list[int]
    rows: list[int]
    share: int


async def milestones_table(person: Session, title: str) -> int:
    """Assistants fill tables; people make them."""
    made = await person.request(
        "POST", "/index.php/apps/tables/api/1/tables", what="the table", json={"title": title, "template": "custom"}
    )
    table = made.json()["id"]
    for kind, name, subtype in (("text", "Milestone", "line"), ("datetime", "Due", "date")):
        column = {"baseNodeId": table, "baseNodeType": "table", "title": name, "subtype": subtype}
        await person.ocs("POST", f"/apps/tables/api/2/columns/{kind}", what="the column", json=column)
    return table


async def standing(ask: Ask) -> dict[str, set[str]]:
    """All that somebody would look at to see whether anything is left: names with what tells two of a name apart."""
    received = json.loads((await ask("nc_share_list", shared_with_me=True, limit=500))["result"])
    given = json.loads((await ask("nc_share_list", limit=500))["result"])
    return {
        "notes": {f"{one['title']} {one['id']}" for one in (await ask("nc_notes_search_notes", limit=500))["results"]},
        "files": {one["path"] for one in (await ask("nc_webdav_list_directory", limit=500))["files"]},
        "boards": {f"{one['title']} {one['id']}" for one in (await ask("deck_get_boards", limit=500))["boards"]},
        "calendars": {one["name"] for one in (await ask("nc_calendar_list_calendars", limit=500))["calendars"]},
        "shares": {f"{one['path']} {one['id']}" for one in (*given, *received)},
    }


async def plan(ask: Ask, name: str, table: int, colleague: str) -> Project:
    """`colleague` is a name to look for."""
    me = (await ask("nc_users_whoami"))["user_id"]
    found = await ask("nc_users_find_people", query=colleague)
    other = next(one["id"] for one in found["people"] if one["kind"] == "user")
    brief = (await ask("nc_notes_create_note", title=f"{name} brief", content=BRIEF.format(me=me, colleague=other)))["id"]
    read = await ask("nc_notes_get_note", note_id=brief)
    tasks = [line.groupdict() for line in LINE.finditer(read["content"])]

    await ask("nc_webdav_create_directory", path=name)
    await ask("nc_webdav_write_file", path=f"{name}/plan.md", content="# Plan\n")
    share = await ask("nc_share_create", path=name, share_with=other, permissions=1, note="The plan")

    board = (await ask("deck_create_board", title=name, color="00aa00"))["id"]
    await ask("deck_share_board", board_id=board, share_with=other, permissions=["edit"])
    stacks = [(await ask("deck_create_stack", board_id=board, title=one, order=n))["id"] for n, one in enumerate(("To do", "Done"))]
    label = (await ask("deck_create_label", board_id=board, title="milestone", color="ff0000"))["id"]
    await ask("nc_calendar_manage_calendar", action="create", calendar_name=name, display_name=name)
    cards, rows = list[int](), list[int]()
    for order, task in enumerate(tasks):
        due = f"{task['day']}T12:00:00Z"
        card = await ask("deck_create_card", board_id=board, stack_id=stacks[0], title=task["title"], duedate=due, order=order)
        at = {"board_id": board, "stack_id": stacks[0], "card_id": card["id"]}
        await ask("deck_assign_user_to_card", **at, user_id=task["who"])
        await ask("deck_assign_label_to_card", **at, label_id=label)
        await ask("deck_attach_file", card_id=card["id"], path=f"{name}/plan.md")
        await ask("nc_calendar_create_event", calendar_name=name, title=task["title"], start_datetime=task["day"], all_day=True)
        row = await ask("nc_tables_insert_row", table_id=table, data={"Milestone": task["title"], "Due": task["day"]})
        cards, rows = [*cards, card["id"]], [*rows, row["id"]]
    await ask("deck_attach_note", card_id=cards[0], note_id=brief)
    summary = await ask("nc_notes_create_note", title=f"{name} summary", content="\n".join(task["title"] for task in tasks))
    shared = int(json.loads(share["result"])["id"])
    return Project(name, table, (me, other), brief, summary["id"], board, stacks, cards, rows, shared)


async def check(ask: Ask, made: Project) -> None:
    """Everything is there as the brief says."""
    me, other = made.people
    overview = await ask("deck_get_board_overview", board_id=made.board)
    assert [card["title"] for card in overview["stacks"][0]["cards"]] == ["Order seeds", "Build the beds", "Invite the parents"]
    days, people = ("2026-12-04", "2026-12-11", "2026-12-18"), (me, other, other)
    for number, card in enumerate(made.cards):
        full = await ask("deck_get_card", board_id=made.board, stack_id=made.stacks[0], card_id=card)
        assert full["duedate"].startswith(days[number])
        assert [one["participant"]["uid"] for one in full["assignedUsers"]] == [people[number]]
        assert [one["title"] for one in full["labels"]] == ["milestone"]
        assert len(full["attachments"]) == (2 if number == 0 else 1)
    listed = await ask("nc_calendar_list_events", calendar_name=made.name, **DECEMBER)
    titles = ("Order seeds", "Build the beds", "Invite the parents")
    assert [(one["summary"], one["start"]) for one in listed["events"]] == list(zip(titles, days, strict=True))
    rows = (await ask("nc_tables_read_table", table_id=made.table))["rows"]
    assert [row["id"] for row in rows] == made.rows
    assert (await ask("nc_notes_get_note", note_id=made.summary))["content"] == "\n".join(titles)


async def check_as_colleague(ask: Ask, made: Project) -> None:
    """They see the folder and the board, find what is theirs, and work on it."""
    assert (await ask("nc_webdav_read_file", path=f"{made.name}/plan.md"))["content"] == "# Plan\n"
    mine = await ask("deck_get_cards", board_id=made.board, stack_id=made.stacks[0], assigned_to=made.people[1])
    assert [card["id"] for card in mine["cards"]] == made.cards[1:]
    at = {"board_id": made.board, "stack_id": made.stacks[0], "card_id": made.cards[1]}
    assert [one["data"] for one in (await ask("deck_list_attachments", **at))["results"]] == ["plan.md"]
    await ask("deck_create_card_comment", card_id=made.cards[1], message="On my list")


async def undo(ask: Ask, made: Project) -> None:
    """The other way round; everything that Nextcloud has a trash for goes there."""
    for note in (made.summary, made.brief):
        await ask("nc_notes_delete_note", note_id=note)
    for row in made.rows:
        await ask("nc_tables_delete_row", row_id=row)
    await ask("nc_calendar_manage_calendar", action="delete", calendar_name=made.name)
    await ask("deck_unshare_board", board_id=made.board, share_with=made.people[1])
    dry = await ask("deck_delete_board", board_id=made.board)
    assert dry["would_delete"] == ["To do (3 cards)", "Done (0 cards)"]
    await ask("deck_delete_board", board_id=made.board, confirm=True)
    await ask("nc_share_delete", share_id=made.share)
    await ask("nc_webdav_delete_resource", path=made.name)
