"""Two writers of one thing in the apps that know no preconditions: Deck, Cookbook, Tables and sharing.

There the tools read, compare and write. What somebody else writes before a tool reads is kept, or refused where an etag was given. In the
window of that one call only what the call itself replaces can be lost, and never anything outside of it.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.contract.test_deck.conftest import Desk, a_board
from tests.support.assistant import Assistant, ToolFailed
from tests.support.racing import just_before

DUE = "2026-12-24T10:00:00+00:00"
Step = Callable[[], Awaitable[Any]]


@pytest.fixture
async def desk(alice: Assistant, bob: Assistant, name: str) -> AsyncGenerator[Desk]:
    """A board on which bob may edit."""
    async for one in a_board(alice, name):
        await alice.call("deck_share_board", board_id=one.id, share_with=await bob.session.uid(), permissions=["edit"])
        yield one


@pytest.fixture
async def recipe(alice: Assistant, name: str) -> AsyncGenerator[int]:
    made = await alice.call("nc_cookbook_create_recipe", name=name, description="old", ingredients=["flour"], keywords="sweet")
    yield made["id"]
    with suppress(ToolFailed):
        await alice.call("nc_cookbook_delete_recipe", recipe_id=made["id"])


@pytest.fixture
async def folder(alice: Assistant, name: str) -> AsyncGenerator[str]:
    await alice.call("nc_webdav_create_directory", path=name)
    yield f"/{name}"
    with suppress(ToolFailed):
        await alice.call("nc_webdav_delete_resource", path=name)


@pytest.fixture
async def row(alice: Assistant, name: str) -> AsyncGenerator[dict[str, Any]]:
    """A row of a new table with the text columns One and Two."""
    request = alice.session.request
    made = await request("POST", "/index.php/apps/tables/api/1/tables", what="the table", json={"title": name, "template": "custom"})
    table = made.json()["id"]
    for title in ("One", "Two"):
        column = {"baseNodeId": table, "baseNodeType": "table", "title": title, "subtype": "line"}
        await alice.session.ocs("POST", "/apps/tables/api/2/columns/text", what="the column", json=column)
    yield await alice.call("nc_tables_insert_row", table_id=table, data={"One": "old", "Two": "old"})
    await request("DELETE", f"/index.php/apps/tables/api/1/tables/{table}", what="the table")


async def share(person: Assistant, tool: str, /, **arguments: Any) -> Any:
    return json.loads((await person.call(f"nc_share_{tool}", **arguments))["result"])


async def at_once(*calls: Awaitable[Any]) -> None:
    """Nextcloud may fail on one of them, for it locks the file; not on all."""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    failed = [one for one in ended if isinstance(one, BaseException)]
    assert len(failed) < len(ended)
    assert all(isinstance(one, ToolFailed) for one in failed), failed


# Deck


async def test_what_a_colleague_does_to_a_card_before_a_change_reads_it_is_kept(
    desk: Desk, bob: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/stacks/{desk.todo}/cards/{desk.card}"
    just_before(monkeypatch, desk.alice, "GET", path, lambda: bob.call("deck_update_card", **desk.at, description="bob's", duedate=""))
    await desk.call("deck_update_card", title="alice's")
    card = await desk.read()
    assert (card["title"], card["description"], card.get("duedate")) == ("alice's", "bob's", None)


async def test_a_change_of_a_card_loses_at_most_the_fields_that_it_replaces_itself(
    desk: Desk, bob: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deck's PUT has the whole card, but not what hangs on it, nor any other card."""
    other, label, bobs_id = await desk.add("Another"), await desk.label("Later"), await bob.session.uid()

    async def meanwhile() -> None:
        await bob.call("deck_assign_label_to_card", **desk.at, label_id=label)
        await bob.call("deck_assign_user_to_card", **desk.at, user_id=bobs_id)
        await bob.call("deck_create_card_comment", card_id=desk.card, message="bob's")
        await bob.call("deck_update_card", **desk.at | {"card_id": other}, title="bob's")

    just_before(monkeypatch, desk.alice, "PUT", f"/cards/{desk.card}", meanwhile)
    await desk.call("deck_update_card", title="alice's")
    card = await desk.read()
    assert (card["title"], card["description"], card["duedate"]) == ("alice's", "desc **md**", DUE)
    assert [one["title"] for one in card["labels"]] == ["Later"]
    assert [one["participant"]["uid"] for one in card["assignedUsers"]] == [bobs_id]
    assert [one["message"] for one in (await desk.alice.call("deck_get_card_comments", card_id=desk.card))["results"]] == ["bob's"]
    assert (await desk.call("deck_get_card", card_id=other))["title"] == "bob's"


async def test_of_two_who_change_a_card_at_once_one_stays_and_nothing_else_suffers(desk: Desk, bob: Assistant) -> None:
    for number in range(3):
        alices, bobs = f"alice's {number}", f"bob's {number}"
        await at_once(desk.call("deck_update_card", title=alices), bob.call("deck_update_card", **desk.at, description=bobs))
        card = await desk.read()
        assert alices == card["title"] or bobs == card["description"]
        assert (card["duedate"], card["order"], card["stackId"], card["archived"]) == (DUE, 0, desk.todo, False)


async def test_a_board_that_two_share_at_once_has_the_person_once(desk: Desk, alice: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    group = (await alice.session.person()).groups[0]
    ours = {"board_id": desk.id, "share_with": group, "kind": "group"}
    just_before(monkeypatch, alice, "POST", "/acl", lambda: alice.call("deck_share_board", **ours, permissions=["edit"]))
    await alice.error("deck_share_board", **ours)
    acl = (await alice.call("deck_get_board", board_id=desk.id))["acl"]
    assert [one["permissionEdit"] for one in acl if one["participant"]["uid"] == group] == [True]


# Cookbook


async def test_what_happens_to_a_recipe_before_a_change_reads_it_is_kept(
    alice: Assistant, recipe: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"recipe_id": recipe, "description": "theirs", "keywords": "salty"}
    just_before(monkeypatch, alice, "GET", f"/recipes/{recipe}", lambda: alice.call("nc_cookbook_update_recipe", **other))
    await alice.call("nc_cookbook_update_recipe", recipe_id=recipe, ingredients=["rye"])
    read = await alice.call("nc_cookbook_get_recipe", recipe_id=recipe)
    assert (read["recipeIngredient"], read["description"], read["keywords"]) == (["rye"], "theirs", "salty")


async def test_a_recipe_changed_before_the_tool_reads_it_is_refused_to_who_gave_an_etag(
    alice: Assistant, recipe: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = (await alice.call("nc_cookbook_get_recipe", recipe_id=recipe))["etag"]
    theirs: Step = lambda: alice.call("nc_cookbook_update_recipe", recipe_id=recipe, description="theirs")  # noqa: E731
    just_before(monkeypatch, alice, "GET", f"/recipes/{recipe}", theirs)
    assert "modified by someone else" in await alice.error("nc_cookbook_update_recipe", recipe_id=recipe, description="ours", etag=etag)
    assert (await alice.call("nc_cookbook_get_recipe", recipe_id=recipe))["description"] == "theirs"


async def test_a_change_of_a_recipe_touches_no_other_one(alice: Assistant, recipe: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = (await alice.call("nc_cookbook_create_recipe", name=f"{name} other", description="old"))["id"]
    theirs: Step = lambda: alice.call("nc_cookbook_update_recipe", recipe_id=other, description="theirs")  # noqa: E731
    just_before(monkeypatch, alice, "PUT", f"/recipes/{recipe}", theirs)
    await alice.call("nc_cookbook_update_recipe", recipe_id=recipe, description="ours")
    read = [(await alice.call("nc_cookbook_get_recipe", recipe_id=one))["description"] for one in (recipe, other)]
    await alice.call("nc_cookbook_delete_recipe", recipe_id=other)
    assert read == ["ours", "theirs"]


async def test_of_two_who_change_a_recipe_at_once_one_stays_and_nothing_else_suffers(alice: Assistant, recipe: int) -> None:
    for number in range(3):
        ours, theirs = f"ours {number}", [f"theirs {number}"]
        await at_once(
            alice.call("nc_cookbook_update_recipe", recipe_id=recipe, description=ours),
            alice.call("nc_cookbook_update_recipe", recipe_id=recipe, ingredients=theirs),
        )
        read = await alice.call("nc_cookbook_get_recipe", recipe_id=recipe)
        assert ours == read["description"] or theirs == read["recipeIngredient"]
        assert read["keywords"] == "sweet"


# Tables


async def test_a_change_of_a_row_keeps_the_cells_that_somebody_changes_in_between(
    alice: Assistant, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs: Step = lambda: alice.call("nc_tables_update_row", row_id=row["id"], data={"Two": "theirs"})  # noqa: E731
    just_before(monkeypatch, alice, "PUT", f"/rows/{row['id']}", theirs)
    await alice.call("nc_tables_update_row", row_id=row["id"], data={"One": "ours"})
    page = await alice.call("nc_tables_read_table", table_id=row["tableId"])
    assert {page["columns"][str(cell["columnId"])]: cell["value"] for cell in page["rows"][0]["data"]} == {"One": "ours", "Two": "theirs"}


async def test_a_row_changed_before_the_tool_reads_it_is_refused_to_who_gave_an_etag(
    alice: Assistant, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool, more in (("update", {"data": {"One": "ours"}}), ("delete", {})):
        (read,) = (await alice.call("nc_tables_read_table", table_id=row["tableId"]))["rows"]
        theirs: Step = lambda tool=tool: alice.call("nc_tables_update_row", row_id=row["id"], data={"One": f"theirs, {tool}"})  # noqa: E731
        just_before(monkeypatch, alice, "GET", f"/rows/{row['id']}", theirs)
        text = await alice.error(f"nc_tables_{tool}_row", row_id=row["id"], etag=read["etag"], **more)
        assert "modified by someone else" in text


# Sharing


async def test_two_who_change_a_share_keep_each_others_fields(
    alice: Assistant, bob: Assistant, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_id = int((await share(alice, "create", path=folder, share_with=await bob.session.uid()))["id"])
    just_before(monkeypatch, alice, "PUT", f"/shares/{share_id}", lambda: share(alice, "update", share_id=share_id, note="theirs"))
    await share(alice, "update", share_id=share_id, permissions=31)
    read = await share(alice, "get", share_id=share_id)
    assert (read["permissions"], read["note"]) == (31, "theirs")


async def test_a_share_that_somebody_makes_in_between_is_not_made_twice_nor_changed(
    alice: Assistant, bob: Assistant, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"path": folder, "share_with": await bob.session.uid()}
    just_before(monkeypatch, alice, "POST", "/shares", lambda: share(alice, "create", **wanted, permissions=1))
    ours = await share(alice, "create", **wanted, permissions=31)
    (there,) = await share(alice, "list", path=folder)
    assert (there["id"], there["permissions"], ours["permissions"]) == (ours["id"], 1, 1)


async def test_a_share_that_ends_in_between_is_neither_changed_nor_made_again(
    alice: Assistant, bob: Assistant, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool, method, more in (("update", "PUT", {"permissions": 31}), ("delete", "DELETE", {})):
        share_id = int((await share(alice, "create", path=folder, share_with=await bob.session.uid()))["id"])
        just_before(monkeypatch, alice, method, f"/shares/{share_id}", lambda share_id=share_id: share(bob, "delete", share_id=share_id))
        assert f"Share {share_id}" in await alice.error(f"nc_share_{tool}", share_id=share_id, **more)
        assert await share(alice, "list", path=folder) == []
