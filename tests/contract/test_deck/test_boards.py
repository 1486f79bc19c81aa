"""Boards, stacks and labels on a Nextcloud."""

from tests.contract.test_deck.conftest import API, Desk
from tests.support.assistant import Assistant


async def board_ids(person: Assistant) -> list[int]:
    return [board["id"] for board in (await person.call("deck_get_boards", limit=500))["boards"]]


async def test_a_new_board_is_listed_and_reads_back(alice: Assistant, desk: Desk, name: str) -> None:
    listed = {board["id"]: board for board in (await alice.call("deck_get_boards", limit=500))["boards"]}
    assert listed[desk.id]["title"] == name
    read = await alice.call("deck_get_board", board_id=desk.id)
    assert (read["title"], read["color"], read["archived"], read["deletedAt"]) == (name, "0800fd", False, 0)
    assert read["owner"]["uid"] == await alice.session.uid()
    assert read["url"].endswith(f"/index.php/apps/deck/board/{desk.id}")
    assert read["permissions"]["PERMISSION_MANAGE"] is True
    assert "Finished" in [label["title"] for label in read["labels"]]


async def test_a_board_is_read_without_what_is_not_asked_for(alice: Assistant, desk: Desk) -> None:
    read = await alice.call("deck_get_board", board_id=desk.id, include_acl=False, include_users=False, include_labels=False)
    assert read.keys() & {"acl", "users", "labels"} == set()


async def test_a_deleted_board_is_not_listed(alice: Assistant, desk: Desk) -> None:
    assert desk.id in await board_ids(alice)
    await alice.session.request("DELETE", f"{API}/{desk.id}", what="the board")
    assert desk.id not in await board_ids(alice)


async def test_boards_come_in_pages(alice: Assistant, desk: Desk, other: Desk) -> None:
    seen: list[int] = []
    cursor = None
    while True:
        page = await alice.call("deck_get_boards", limit=1, cursor=cursor)
        seen += [board["id"] for board in page["boards"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert {desk.id, other.id} <= set(seen)
    assert len(seen) == len(set(seen)) == page["total"]


async def test_a_board_without_a_title_or_with_a_wrong_color_is_refused(alice: Assistant, name: str) -> None:
    await alice.error("deck_create_board", title="", color="ff0000")
    assert "color" in await alice.error("deck_create_board", title=name, color="reddish")


async def test_a_color_may_come_with_a_hash(alice: Assistant, desk: Desk, name: str) -> None:
    made = await alice.call("deck_create_label", board_id=desk.id, title=name, color="#ff0000")
    assert made["color"] == "ff0000"


async def test_a_missing_board_is_named_with_those_there_are(alice: Assistant, desk: Desk, name: str) -> None:
    for tool, more in (
        ("deck_get_board", {}),
        ("deck_get_stacks", {}),
        ("deck_get_labels", {}),
        ("deck_get_board_overview", {}),
        ("deck_create_stack", {"title": "x", "order": 1}),
        ("deck_create_label", {"title": "x", "color": "ff0000"}),
        ("deck_create_card", {"stack_id": desk.todo, "title": "x"}),
        ("deck_delete_stack", {"stack_id": desk.todo}),
    ):
        text = await alice.error(tool, board_id=99999999, **more)
        assert "Board 99999999 not found" in text, tool
    assert f"({desk.id})" in text or "…" in text


async def test_a_missing_stack_is_named_with_those_of_the_board(alice: Assistant, desk: Desk, other: Desk) -> None:
    for stack_id in (99999999, other.todo):
        for tool, more in (
            ("deck_get_stack", {}),
            ("deck_get_cards", {}),
            ("deck_create_card", {"title": "x"}),
            ("deck_update_stack", {"title": "x"}),
            ("deck_delete_stack", {"confirm": True}),
        ):
            text = await alice.error(tool, board_id=desk.id, stack_id=stack_id, **more)
            assert f"Stack {stack_id} not found on board {desk.id}" in text, tool
            assert f"To do ({desk.todo})" in text


async def test_stacks_are_listed_in_the_order_of_the_board(alice: Assistant, desk: Desk) -> None:
    first = await alice.call("deck_create_stack", board_id=desk.id, title="Ideas", order=0)
    page = await alice.call("deck_get_stacks", board_id=desk.id)
    assert [stack["id"] for stack in page["stacks"]] == [first["id"], desk.todo, desk.done]
    assert page["total"] == 3
    assert [[card["id"] for card in stack["cards"]] for stack in page["stacks"]] == [[], [desk.card], []]


async def test_stacks_can_be_listed_without_cards_and_in_pages(alice: Assistant, desk: Desk) -> None:
    page = await alice.call("deck_get_stacks", board_id=desk.id, include_cards=False, limit=1)
    assert [stack["title"] for stack in page["stacks"]] == ["To do"]
    assert "cards" not in page["stacks"][0]
    rest = await alice.call("deck_get_stacks", board_id=desk.id, limit=1, cursor=page["next_cursor"])
    assert [stack["title"] for stack in rest["stacks"]] == ["Done"]
    assert "next_cursor" not in rest


async def test_a_stack_changes_only_in_what_is_named_and_stays_on_its_board(alice: Assistant, desk: Desk, other: Desk) -> None:
    await alice.call("deck_update_stack", board_id=desk.id, stack_id=desk.todo, title="Later")
    stack = await alice.call("deck_get_stack", board_id=desk.id, stack_id=desk.todo)
    assert (stack["title"], stack["order"], stack["boardId"]) == ("Later", 1, desk.id)
    await alice.call("deck_update_stack", board_id=desk.id, stack_id=desk.todo, order=7)
    stack = await alice.call("deck_get_stack", board_id=desk.id, stack_id=desk.todo)
    assert (stack["title"], stack["order"]) == ("Later", 7)
    await alice.error("deck_update_stack", board_id=other.id, stack_id=desk.todo, title="Stolen")
    assert (await alice.call("deck_get_stack", board_id=desk.id, stack_id=desk.todo))["title"] == "Later"


async def test_a_stale_version_of_a_stack_changes_nothing(alice: Assistant, desk: Desk) -> None:
    text = await alice.error("deck_update_stack", board_id=desk.id, stack_id=desk.todo, title="Lost", etag="0" * 32)
    assert "modified by someone else" in text
    assert (await alice.call("deck_get_stack", board_id=desk.id, stack_id=desk.todo))["title"] == "To do"


async def test_a_stack_with_cards_is_deleted_only_when_confirmed(alice: Assistant, desk: Desk) -> None:
    archived = await desk.add("Archived one")
    await desk.call("deck_archive_card", card_id=archived)
    told = await alice.call("deck_delete_stack", board_id=desk.id, stack_id=desk.todo)
    assert sorted(told["would_delete"]) == ["Archived one", "Card one"]
    assert "status_code" not in told
    assert (await desk.read())["title"] == "Card one"
    done = await alice.call("deck_delete_stack", board_id=desk.id, stack_id=desk.todo, confirm=True)
    assert (done["status_code"], done["stack_id"], done["board_id"]) == (200, desk.todo, desk.id)
    assert "deck_restore" in done["message"]
    left = (await alice.call("deck_get_stacks", board_id=desk.id))["stacks"]
    assert [stack["id"] for stack in left] == [desk.done]


async def test_an_empty_stack_is_deleted_at_once(alice: Assistant, desk: Desk) -> None:
    await alice.call("deck_delete_stack", board_id=desk.id, stack_id=desk.done)
    assert [stack["id"] for stack in (await alice.call("deck_get_stacks", board_id=desk.id))["stacks"]] == [desk.todo]


async def test_labels_are_made_changed_and_deleted(alice: Assistant, desk: Desk) -> None:
    made = await alice.call("deck_create_label", board_id=desk.id, title="urgent", color="ff0000")
    where = {"board_id": desk.id, "label_id": made["id"]}
    await alice.call("deck_update_label", **where, title="very urgent")
    read = await alice.call("deck_get_label", **where)
    assert (read["title"], read["color"], read["boardId"]) == ("very urgent", "ff0000", desk.id)
    await alice.call("deck_update_label", **where, color="00ff00")
    read = await alice.call("deck_get_label", **where)
    assert (read["title"], read["color"]) == ("very urgent", "00ff00")
    assert "modified by someone else" in await alice.error("deck_update_label", **where, title="lost", etag="0" * 32)
    await alice.call("deck_delete_label", **where)
    assert f"Label {made['id']} not found on board {desk.id}" in await alice.error("deck_get_label", **where)


async def test_a_label_of_another_board_is_out_of_reach(alice: Assistant, desk: Desk, other: Desk) -> None:
    foreign = await other.label("Finished")
    for tool, more in (("get_label", {}), ("update_label", {"title": "x"}), ("delete_label", {})):
        text = await alice.error(f"deck_{tool}", board_id=desk.id, label_id=foreign, **more)
        assert f"Label {foreign} not found on board {desk.id}" in text
    assert await other.label("Finished") == foreign


async def test_a_second_label_of_one_title_is_refused(alice: Assistant, desk: Desk) -> None:
    assert "unique" in await alice.error("deck_create_label", board_id=desk.id, title="Finished", color="ff0000")


async def test_nobody_sees_or_changes_a_board_that_is_not_shared(bob: Assistant, desk: Desk) -> None:
    assert desk.id not in await board_ids(bob)
    for tool, more in (
        ("deck_get_board", {}),
        ("deck_get_cards", {"stack_id": desk.todo}),
        ("deck_get_card", {"stack_id": desk.todo, "card_id": desk.card}),
        ("deck_update_card", {"stack_id": desk.todo, "card_id": desk.card, "title": "mine"}),
        ("deck_delete_card", {"stack_id": desk.todo, "card_id": desk.card}),
        ("deck_create_card", {"stack_id": desk.todo, "title": "mine"}),
        ("deck_delete_stack", {"stack_id": desk.todo, "confirm": True}),
    ):
        assert f"Board {desk.id} not found" in await bob.error(tool, board_id=desk.id, **more), tool
    assert (await desk.read())["title"] == "Card one"


async def test_a_reader_of_a_shared_board_is_told_that_it_is_read_only(bob: Assistant, desk: Desk, bobs_id: str) -> None:
    await desk.share(bobs_id, edit=False)
    assert (await bob.call("deck_get_card", **desk.at))["title"] == "Card one"
    for tool, more in (
        ("deck_create_card", {"stack_id": desk.todo, "title": "mine"}),
        ("deck_update_card", {**desk.at, "title": "mine"}),
        ("deck_create_stack", {"title": "mine", "order": 1}),
        ("deck_update_stack", {"stack_id": desk.todo, "title": "mine"}),
    ):
        assert "may read board" in await bob.error(tool, **{"board_id": desk.id, **more}), tool
    assert (await desk.read())["title"] == "Card one"


async def test_nothing_is_written_to_an_archived_board(alice: Assistant, desk: Desk, name: str) -> None:
    await alice.session.request("PUT", f"{API}/{desk.id}", what="the board", json={"title": name, "color": "0800fd", "archived": True})
    for tool, more in (("deck_create_card", {**desk.in_todo, "title": "x"}), ("deck_update_card", {**desk.at, "title": "x"})):
        assert "archived" in await alice.error(tool, **more)
    assert (await desk.read())["title"] == "Card one"


async def test_the_overview_counts_and_shows_what_matches(alice: Assistant, desk: Desk) -> None:
    await desk.call("deck_assign_label_to_card", label_id=await desk.label("Later"))
    await desk.add("Another")
    whole = await alice.call("deck_get_board_overview", board_id=desk.id)
    assert (whole["board_id"], whole["total_cards"]) == (desk.id, 2)
    assert [(stack["title"], stack["card_count"]) for stack in whole["stacks"]] == [("To do", 2), ("Done", 0)]
    assert "Later" in whole["labels"]
    some = await alice.call("deck_get_board_overview", board_id=desk.id, label="Later", description_preview_length=5)
    assert some["total_cards"] == 1
    assert some["stacks"][0]["cards"][0]["descriptionPreview"] == "desc…"
