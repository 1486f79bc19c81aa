"""Cards on a Nextcloud: what a change keeps, and what it refuses."""

from typing import Any

import pytest

from tests.contract.test_deck.conftest import Desk
from tests.support.assistant import Assistant

DONE = "2026-11-21T09:30:00+00:00"
KEPT = ("title", "description", "type", "order", "duedate", "done", "archived", "owner", "stackId")


def essence(card: dict[str, Any]) -> dict[str, Any]:
    """All that a person put into a card."""
    people = sorted(one["participant"]["uid"] for one in card["assignedUsers"])
    return {**{name: card.get(name) for name in KEPT}, "labels": sorted(label["title"] for label in card["labels"]), "people": people}


async def dress(desk: Desk, uid: str) -> dict[str, Any]:
    """Gives the card everything that a replacement could lose."""
    await desk.call("deck_assign_label_to_card", label_id=await desk.label("Later"))
    await desk.call("deck_assign_user_to_card", user_id=uid)
    await desk.call("deck_update_card", done=DONE, order=3, description="long **text**")
    return essence(await desk.read())


async def test_a_new_card_reads_back_as_it_was_written(desk: Desk, alice: Assistant) -> None:
    card = await desk.read()
    assert (card["id"], card["title"], card["description"], card["stackId"]) == (desk.card, "Card one", "desc **md**", desk.todo)
    assert (card["type"], card["order"], card["archived"], card["duedate"]) == ("plain", 0, False, "2026-12-24T10:00:00+00:00")
    assert card["owner"] == await alice.session.uid()
    assert card["url"].endswith(f"/index.php/apps/deck/board/{desk.id}/card/{desk.card}")


async def test_the_answer_about_a_new_card_is_short(desk: Desk, alice: Assistant) -> None:
    made = await alice.call("deck_create_card", **desk.in_todo, title="Two", description="long text")
    assert made.keys() - {"success", "timestamp"} == {"id", "title", "stackId", "ETag", "url"}
    read = await desk.call("deck_get_card", card_id=made["id"])
    assert (read["description"], read["order"]) == ("long text", 999)
    assert "duedate" not in read


async def test_every_change_keeps_everything_that_is_not_named(desk: Desk, alice: Assistant) -> None:
    before = await dress(desk, await alice.session.uid())
    for change in (
        {"title": "New title"},
        {"description": "New text"},
        {"duedate": "2027-01-01T00:00:00+00:00"},
        {"order": 5},
        {"archived": True},
        {"title": "While archived"},
        {"archived": True, "description": "still archived"},
        {"archived": False},
        {"done": "2026-12-01T00:00:00+00:00"},
    ):
        await desk.call("deck_update_card", **change)
        before |= change
        assert essence(await desk.read()) == before, change


async def test_an_empty_value_clears_and_an_empty_done_reopens(desk: Desk, alice: Assistant) -> None:
    before = await dress(desk, await alice.session.uid())
    for name, cleared in (("description", ""), ("duedate", None), ("done", None)):
        await desk.call("deck_update_card", **{name: ""})
        before[name] = cleared
        assert essence(await desk.read()) == before, name


async def test_times_with_an_offset_become_utc(desk: Desk) -> None:
    await desk.call("deck_update_card", duedate="2026-12-30T01:30:00+02:00", done="2026-11-21T00:00:00Z")
    card = await desk.read()
    assert (card["duedate"], card["done"]) == ("2026-12-29T23:30:00+00:00", "2026-11-21T00:00:00+00:00")


async def test_a_time_that_is_none_changes_nothing(desk: Desk) -> None:
    for name in ("duedate", "done"):
        assert "is not a date" in await desk.alice.error("deck_update_card", **desk.at, title="x", **{name: "next week"})
    assert (await desk.read())["title"] == "Card one"


async def test_a_change_without_a_field_or_without_a_title_is_refused(desk: Desk) -> None:
    assert "Nothing to change" in await desk.alice.error("deck_update_card", **desk.at)
    assert "title" in await desk.alice.error("deck_update_card", **desk.at, title="")
    assert "255" in await desk.alice.error("deck_update_card", **desk.at, title="x" * 300)
    assert (await desk.read())["title"] == "Card one"


async def test_an_owner_that_deck_does_not_change_is_said(desk: Desk, bobs_id: str) -> None:
    answer = await desk.call("deck_update_card", owner=bobs_id, title="Renamed")
    assert "kept the owner" in answer["message"]
    assert (await desk.read())["title"] == "Renamed"


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("deck_update_card", {"title": "lost"}),
    ("deck_delete_card", {}),
    ("deck_archive_card", {}),
    ("deck_unarchive_card", {}),
    ("deck_reorder_card", {"order": 0, "target_stack_id": 0}),
    ("deck_assign_label_to_card", {"label_id": 0}),
    ("deck_remove_label_from_card", {"label_id": 0}),
    ("deck_assign_user_to_card", {"user_id": "somebody"}),
    ("deck_unassign_user_from_card", {"user_id": "somebody"}),
    ("deck_assign_dependent_card", {"dependent_card_id": 1}),
    ("deck_remove_dependent_card", {"dependent_card_id": 1}),
]


@pytest.mark.parametrize(("tool", "more"), CHANGES)
async def test_a_wrong_stack_moves_nothing_and_the_right_one_is_told(desk: Desk, tool: str, more: dict[str, Any]) -> None:
    before = await desk.read()
    arguments = await real_ids(desk, more)
    text = await desk.alice.error(tool, **{**desk.at, **arguments, "stack_id": desk.done})
    assert f"Card {desk.card} is in stack {desk.todo}, not in {desk.done}" in text
    assert f"stack_id={desk.todo}" in text
    assert await desk.read() | {"timestamp": ""} == before | {"timestamp": ""}


@pytest.mark.parametrize(("tool", "more"), CHANGES)
async def test_a_stale_etag_changes_nothing_and_tells_the_current_one(desk: Desk, tool: str, more: dict[str, Any]) -> None:
    before = await desk.read()
    arguments = await real_ids(desk, more)
    text = await desk.alice.error(tool, **{**desk.at, **arguments}, etag="0" * 32)
    assert "modified by someone else" in text
    assert before["ETag"] in text
    assert await desk.read() | {"timestamp": ""} == before | {"timestamp": ""}


@pytest.mark.parametrize(("tool", "more"), CHANGES)
async def test_a_missing_card_is_named(desk: Desk, tool: str, more: dict[str, Any]) -> None:
    arguments = await real_ids(desk, more)
    assert "Card 99999999 not found" in await desk.alice.error(tool, **{**desk.at, **arguments, "card_id": 99999999})


async def real_ids(desk: Desk, more: dict[str, Any]) -> dict[str, Any]:
    found = dict(more)
    if "label_id" in found:
        found["label_id"] = await desk.label("Later")
    if "target_stack_id" in found:
        found["target_stack_id"] = desk.done
    return found


async def test_the_etag_that_was_read_lets_a_change_through(desk: Desk) -> None:
    card = await desk.read()
    await desk.call("deck_update_card", title="Renamed", etag=f'"{card["ETag"]}"')
    assert (await desk.read())["title"] == "Renamed"


async def test_two_writers_of_different_fields_lose_nothing(desk: Desk, bob: Assistant, bobs_id: str) -> None:
    await desk.share(bobs_id)
    await desk.call("deck_update_card", title="Alice's title")
    await bob.call("deck_update_card", **desk.at, description="Bob's text")
    await desk.call("deck_update_card", done=DONE)
    await bob.call("deck_update_card", **desk.at, order=4)
    card = await desk.read()
    assert (card["title"], card["description"], card["done"], card["order"]) == ("Alice's title", "Bob's text", DONE, 4)


async def test_a_deleted_card_is_gone_and_the_answer_says_how_to_restore_it(desk: Desk) -> None:
    answer = await desk.call("deck_delete_card")
    assert "deck_restore" in answer["message"]
    assert "url" not in answer
    for tool in ("deck_get_card", "deck_delete_card", "deck_archive_card"):
        text = await desk.alice.error(tool, **desk.at)
        assert f"Card {desk.card} was deleted" in text
        assert "deck_restore" in text


async def test_archived_cards_leave_the_lists_and_come_back(desk: Desk) -> None:
    await desk.call("deck_archive_card")
    await desk.call("deck_archive_card")
    assert (await desk.alice.call("deck_get_cards", **desk.in_todo))["cards"] == []
    stacks = (await desk.alice.call("deck_get_archived_stacks", board_id=desk.id))["stacks"]
    assert [(stack["title"], [card["id"] for card in stack["cards"]]) for stack in stacks] == [("To do", [desk.card]), ("Done", [])]
    await desk.call("deck_unarchive_card")
    assert [card["id"] for card in (await desk.alice.call("deck_get_cards", **desk.in_todo))["cards"]] == [desk.card]


async def test_a_card_moves_to_a_position_of_another_stack_of_the_board(desk: Desk, alice: Assistant) -> None:
    before = await dress(desk, await alice.session.uid())
    answer = await desk.call("deck_reorder_card", order=0, target_stack_id=desk.done)
    assert answer["stack_id"] == desk.done
    after = essence(await desk.call("deck_get_card", stack_id=desk.done))
    assert after == before | {"stackId": desk.done, "order": 0}


async def test_cards_are_reordered_within_a_stack(desk: Desk, alice: Assistant) -> None:
    second, third = await desk.add("Two", order=1), await desk.add("Three", order=2)
    await desk.call("deck_reorder_card", card_id=third, order=0, target_stack_id=desk.todo)
    listed = [card["id"] for card in (await alice.call("deck_get_cards", **desk.in_todo))["cards"]]
    assert listed == [third, desk.card, second]


async def test_a_position_on_another_board_is_refused(desk: Desk, other: Desk) -> None:
    text = await desk.alice.error("deck_reorder_card", **desk.at, order=0, target_stack_id=other.todo)
    assert f"Stack {other.todo} not found on board {desk.id}" in text
    assert (await desk.read())["stackId"] == desk.todo


async def test_archived_cards_are_not_moved_halfway(desk: Desk, other: Desk) -> None:
    await desk.call("deck_assign_label_to_card", label_id=await desk.label("Later"))
    await desk.call("deck_archive_card")
    before = await desk.read()
    arguments = {"source_board_id": desk.id, "source_stack_id": desk.todo, "card_id": desk.card}
    text = await desk.alice.error("deck_move_card_to_board", **arguments, target_board_id=other.id, target_stack_id=other.todo)
    assert "archived" in text
    assert "archived" in await desk.alice.error("deck_reorder_card", **desk.at, order=0, target_stack_id=desk.done)
    assert essence(await desk.read()) == essence(before)


async def test_a_move_to_another_board_takes_labels_and_members_along(desk: Desk, other: Desk, alice: Assistant, bobs_id: str) -> None:
    await desk.share(bobs_id)
    await alice.call("deck_create_label", board_id=desk.id, title="only here", color="123456")
    await desk.call("deck_assign_label_to_card", label_id=await desk.label("only here"))
    await desk.call("deck_assign_user_to_card", user_id=bobs_id)
    before = await dress(desk, await alice.session.uid())
    answer = await alice.call(
        "deck_move_card_to_board",
        source_board_id=desk.id,
        source_stack_id=desk.todo,
        card_id=desk.card,
        target_board_id=other.id,
        target_stack_id=other.done,
    )
    assert sorted(answer["labels"]) == ["Later", "only here"]
    assert bobs_id in answer["message"]
    assert answer["url"].endswith(f"/board/{other.id}/card/{desk.card}")
    after = essence(await alice.call("deck_get_card", board_id=other.id, stack_id=other.done, card_id=desk.card))
    assert after == before | {"stackId": other.done, "order": 0, "people": [await alice.session.uid()]}
    assert (await alice.call("deck_get_cards", **desk.in_todo))["cards"] == []


async def test_a_move_to_a_board_one_may_only_read_is_refused(desk: Desk, bob: Assistant, bobs_id: str, name: str) -> None:
    await desk.share(bobs_id, edit=False)
    mine = (await bob.call("deck_create_board", title=name, color="00ff00"))["id"]
    stack = (await bob.call("deck_create_stack", board_id=mine, title="s", order=1))["id"]
    card = (await bob.call("deck_create_card", board_id=mine, stack_id=stack, title="c"))["id"]
    arguments = {"source_board_id": mine, "source_stack_id": stack, "card_id": card}
    text = await bob.error("deck_move_card_to_board", **arguments, target_board_id=desk.id, target_stack_id=desk.todo)
    assert "cannot add cards" in text
    await bob.session.request("DELETE", f"/index.php/apps/deck/api/v1.1/boards/{mine}", what="the board")


async def test_labels_go_on_and_off_a_card(desk: Desk) -> None:
    later = await desk.label("Later")
    await desk.call("deck_assign_label_to_card", label_id=later)
    assert "already" in (await desk.call("deck_assign_label_to_card", label_id=later))["message"]
    assert [label["title"] for label in (await desk.read())["labels"]] == ["Later"]
    await desk.call("deck_remove_label_from_card", label_id=later)
    assert (await desk.read())["labels"] == []
    assert "is not on card" in await desk.alice.error("deck_remove_label_from_card", **desk.at, label_id=later)


async def test_a_label_of_another_board_is_not_put_on_a_card(desk: Desk, other: Desk) -> None:
    text = await desk.alice.error("deck_assign_label_to_card", **desk.at, label_id=await other.label("Later"))
    assert f"not found on board {desk.id}" in text
    assert f"Later ({await desk.label('Later')})" in text


async def test_people_are_assigned_and_taken_off(desk: Desk, bobs_id: str) -> None:
    text = await desk.alice.error("deck_assign_user_to_card", **desk.at, user_id=bobs_id)
    assert "no member" in text
    assert await desk.alice.session.uid() in text
    await desk.share(bobs_id)
    await desk.call("deck_assign_user_to_card", user_id=bobs_id)
    assert "already" in (await desk.call("deck_assign_user_to_card", user_id=bobs_id))["message"]
    assert essence(await desk.read())["people"] == [bobs_id]
    await desk.call("deck_unassign_user_from_card", user_id=bobs_id)
    assert essence(await desk.read())["people"] == []
    assert "is not assigned" in await desk.alice.error("deck_unassign_user_from_card", **desk.at, user_id=bobs_id)
