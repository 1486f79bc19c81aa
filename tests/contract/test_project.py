"""The project of `tests/support/project.py` on a Nextcloud: planned, shared, worked in, and undone."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.assistant import Assistant
from tests.support.project import check, check_as_colleague, milestones_table, plan, standing, undo


@pytest.fixture
async def table(alice: Assistant, name: str) -> AsyncGenerator[int]:
    made = await milestones_table(alice.session, name)
    yield made
    await alice.session.request("DELETE", f"/index.php/apps/tables/api/1/tables/{made}", what="the table")


async def traces(person: Assistant, name: str) -> set[str]:
    """What of the project is there for somebody."""
    found = await standing(person.call)
    return {kind for kind, names in found.items() if any(name in one for one in names)}


async def test_a_project_is_there_for_both_and_then_for_neither(alice: Assistant, bob: Assistant, name: str, table: int) -> None:
    made = await plan(alice.call, name, table, await bob.session.uid())
    await check(alice.call, made)
    await check_as_colleague(bob.call, made)
    assert await traces(alice, name) == {"notes", "files", "boards", "calendars", "shares"}
    assert await traces(bob, name) == {"files", "boards", "shares"}
    await undo(alice.call, made)
    assert await traces(alice, name) == set()
    assert await traces(bob, name) == set()
    assert (await alice.call("nc_tables_read_table", table_id=table))["rows"] == []
