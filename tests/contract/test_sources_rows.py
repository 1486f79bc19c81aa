"""What background sync sees of recipes and of rows in tables, on a Nextcloud."""

from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from nextcloud_mcp_server.apps.cookbook.source import CookbookSource
from nextcloud_mcp_server.apps.tables.source import TablesSource
from tests.contract.test_tables import Made, share, table
from tests.support.assistant import Assistant, ToolFailed
from tests.support.follower import Follower

__all__ = ["table"]


@pytest.fixture
async def stays(alice: Assistant, name: str) -> AsyncGenerator[None]:
    """A recipe that stays, for a listing that becomes empty drops nothing."""
    made = await alice.call("nc_cookbook_create_recipe", name=f"{name} stays")
    yield
    with suppress(ToolFailed):
        await alice.call("nc_cookbook_delete_recipe", recipe_id=made["id"])


async def test_a_recipe_is_followed_through_its_life(alice: Assistant, bob: Assistant, name: str, stays: None) -> None:
    recipes, me = Follower(CookbookSource(alice.session)), await alice.session.uid()
    more = {"ingredients": ["200 g flour", "2 eggs"], "instructions": ["Mix it", "Fry it"], "keywords": "quick", "prep_time": "PT1H10M"}
    made = await alice.call("nc_cookbook_create_recipe", name=name, description="Fluffy", category="Breakfast", **more)
    id = str(made["id"])
    await recipes.scan()
    found = recipes.documents[id]
    assert (found.title, found.tags, found.owner, found.readers) == (name, ("quick",), me, frozenset({me}))
    for part in ("Fluffy", "Category: Breakfast", "Preparation: 1 h 10 min", "- 200 g flour", "Steps:\nMix it\nFry it"):
        assert part in found.text
    assert (recipes.source.link(id, found.extra) or "").endswith(f"/apps/cookbook/#/recipe/{id}")
    assert (await recipes.scan()).among([id]).changed == set()
    await alice.call("nc_cookbook_update_recipe", recipe_id=made["id"], description="Thin")
    await recipes.scan()
    assert "Thin" in recipes.documents[id].text
    assert await recipes.source.readable([id]) == {id}
    assert await CookbookSource(bob.session).readable([id]) == frozenset()
    await alice.call("nc_cookbook_delete_recipe", recipe_id=made["id"])
    assert (await recipes.scan()).among([id]).dropped == {id}
    assert await recipes.source.readable([id]) == frozenset()


async def test_a_row_is_followed_through_its_life(alice: Assistant, table: Made, name: str) -> None:
    rows, me = Follower(TablesSource(alice.session)), await alice.session.uid()
    first = await alice.call("nc_tables_insert_row", table_id=table.id, data={"Name": "Widget", "Qty": 12, "State": "used"})
    second = await alice.call("nc_tables_insert_row", table_id=table.id, data={"Name": "Gadget"})
    one, two = f"{table.id}/{first['id']}", f"{table.id}/{second['id']}"
    await rows.scan()
    found = rows.documents[one]
    assert (found.title, found.owner, found.readers) == ("Widget", me, frozenset({me}))
    for part in (f"Table: {name}", "Qty: 12", "Name: Widget", "State: used"):
        assert part in found.text
    assert (await rows.scan()).among([one, two]).changed == set()
    await alice.call("nc_tables_update_row", row_id=first["id"], data={"Name": "Widget 2"})
    scan = (await rows.scan()).among([one, two])
    assert (scan.changed, scan.dropped, rows.documents[one].title) == ({one}, set(), "Widget 2")
    await alice.call("nc_tables_delete_row", row_id=first["id"])
    assert await rows.source.readable([one, two]) == {two}
    assert (await rows.scan()).among([one, two]).dropped == {one}
    await alice.call("nc_tables_delete_row", row_id=second["id"])
    assert (await rows.scan()).among([one, two]).dropped == {two}


async def test_only_those_with_whom_a_table_is_shared_read_its_rows(alice: Assistant, bob: Assistant, table: Made) -> None:
    row = await alice.call("nc_tables_insert_row", table_id=table.id, data={"Name": "Widget"})
    id, theirs = f"{table.id}/{row['id']}", Follower(TablesSource(bob.session))
    await theirs.scan()
    assert id not in theirs.stored
    assert await theirs.source.readable([id, "x", "999999/1"]) == frozenset()
    await share(table, bob, read=True)
    await theirs.scan()
    assert (theirs.documents[id].owner, theirs.documents[id].title) == (await alice.session.uid(), "Widget")
    assert await theirs.source.readable([id]) == {id}
    [shared] = await table.api("GET", f"/tables/{table.id}/shares")
    await table.api("DELETE", f"/shares/{shared['id']}")
    assert await theirs.source.readable([id]) == frozenset()
