"""Sharing boards, and deleting them, on a Nextcloud."""

from tests.contract.test_deck.conftest import API, Desk
from tests.contract.test_deck.test_boards import board_ids
from tests.support.assistant import Assistant


async def rights(desk: Desk) -> dict[str, list[str]]:
    """What each member may do, as the board tells it."""
    names = {"permissionEdit": "edit", "permissionShare": "share", "permissionManage": "manage"}
    acl = (await desk.alice.call("deck_get_board", board_id=desk.id))["acl"]
    return {one["participant"]["uid"]: [word for field, word in names.items() if one[field]] for one in acl}


async def common_group(alice: Assistant, bob: Assistant) -> str:
    return min(set((await alice.session.person()).groups) & set((await bob.session.person()).groups))


async def test_a_member_sees_the_board_can_be_assigned_and_neither_any_more_afterwards(
    alice: Assistant, bob: Assistant, desk: Desk, bobs_id: str
) -> None:
    assert "deck_share_board" in await desk.alice.error("deck_assign_user_to_card", **desk.at, user_id=bobs_id)
    told = await alice.call("deck_share_board", board_id=desk.id, share_with=bobs_id.upper())
    assert (told["board_id"], told["permissions"], bobs_id in told["message"]) == (desk.id, ["read"], True)
    assert desk.id in await board_ids(bob)
    await desk.call("deck_assign_user_to_card", user_id=bobs_id)
    assert "may read board" in await bob.error("deck_update_card", **desk.at, title="mine")
    gone = await alice.call("deck_unshare_board", board_id=desk.id, share_with=bobs_id)
    assert "deck_share_board" in gone["message"]
    assert desk.id not in await board_ids(bob)
    assert (await desk.read())["assignedUsers"] == []
    text = await alice.error("deck_unshare_board", board_id=desk.id, share_with=bobs_id)
    assert f"is not shared with {bobs_id!r}" in text


async def test_what_a_member_may_do_is_given_whole_and_kept_where_it_is_not_named(
    alice: Assistant, bob: Assistant, desk: Desk, bobs_id: str
) -> None:
    share = {"board_id": desk.id, "share_with": bobs_id}
    assert (await alice.call("deck_share_board", **share, permissions=["Edit", "manage"]))["permissions"] == ["read", "edit", "manage"]
    assert await rights(desk) == {bobs_id: ["edit", "manage"]}
    await bob.call("deck_update_card", **desk.at, title="bob was here")
    same = await alice.call("deck_share_board", **share)
    assert ("already" in same["message"], same["permissions"]) == (True, ["read", "edit", "manage"])
    await alice.call("deck_share_board", **share, permissions=["read"])
    assert await rights(desk) == {bobs_id: []}
    assert "may not share board" in await bob.error("deck_share_board", board_id=desk.id, share_with=await alice.session.uid())


async def test_a_board_is_shared_with_a_group_until_it_is_not(alice: Assistant, bob: Assistant, desk: Desk) -> None:
    group = await common_group(alice, bob)
    await alice.call("deck_share_board", board_id=desk.id, share_with=group, kind="group", permissions=["edit"])
    assert await rights(desk) == {group: ["edit"]}
    assert desk.id in await board_ids(bob)
    await alice.call("deck_unshare_board", board_id=desk.id, share_with=group)
    assert desk.id not in await board_ids(bob)


async def test_who_shares_on_cannot_give_what_they_lack(alice: Assistant, bob: Assistant, desk: Desk, bobs_id: str) -> None:
    group = await common_group(alice, bob)
    await alice.call("deck_share_board", board_id=desk.id, share_with=bobs_id, permissions=["share"])
    told = await bob.call("deck_share_board", board_id=desk.id, share_with=group, kind="group", permissions=["edit", "share"])
    assert told["permissions"] == ["read", "share"]
    assert "Not granted, for this account lacks it: edit" in told["message"]
    assert "not change this" in await bob.error("deck_unshare_board", board_id=desk.id, share_with=group)
    assert await rights(desk) == {bobs_id: ["share"], group: ["share"]}


async def test_nobody_is_made_a_member_whom_nextcloud_does_not_know(alice: Assistant, desk: Desk, bobs_id: str) -> None:
    text = await alice.error("deck_share_board", board_id=desk.id, share_with=f"{bobs_id}xq")
    assert f"'{bobs_id}xq' is unknown" in text
    assert bobs_id in text.partition("There is")[2]
    assert "is unknown" in await alice.error("deck_share_board", board_id=desk.id, share_with="no-such-group", kind="group")
    assert "owns board" in await alice.error("deck_share_board", board_id=desk.id, share_with=await alice.session.uid())
    assert await rights(desk) == {}


async def test_an_older_version_of_a_board_is_neither_shared_nor_deleted(alice: Assistant, desk: Desk, bobs_id: str) -> None:
    stale = {"board_id": desk.id, "etag": "0" * 32}
    for tool, more in (
        ("share_board", {"share_with": bobs_id}),
        ("unshare_board", {"share_with": bobs_id}),
        ("delete_board", {"confirm": True}),
    ):
        assert "modified by someone else" in await alice.error(f"deck_{tool}", **stale, **more)
    assert await rights(desk) == {}


async def test_a_board_is_deleted_for_all_only_when_confirmed(alice: Assistant, bob: Assistant, desk: Desk, bobs_id: str) -> None:
    await desk.share(bobs_id)
    told = await alice.call("deck_delete_board", board_id=desk.id)
    assert told["would_delete"] == ["To do (1 cards)", "Done (0 cards)"]
    assert ("status_code" in told, "shared with 1" in told["message"]) == (False, True)
    assert "not change this" in await bob.error("deck_delete_board", board_id=desk.id, confirm=True)
    assert desk.id in await board_ids(bob)
    done = await alice.call("deck_delete_board", board_id=desk.id, confirm=True)
    assert (done["status_code"], "deck_restore" in done["message"]) == (200, True)
    assert desk.id not in [*await board_ids(alice), *await board_ids(bob)]
    assert f"Board {desk.id} not found" in await alice.error("deck_delete_board", board_id=desk.id, confirm=True)


async def test_a_deck_that_cannot_restore_a_board_says_so(alice: Assistant, desk: Desk, name: str) -> None:
    assert f"Board {desk.id} is not among the deleted boards" in await alice.error("deck_restore", board_id=desk.id)
    await alice.session.request("DELETE", f"{API}/{desk.id}", what="the board")
    assert f"This Deck does not restore board '{name}'" in await alice.error("deck_restore", board_id=desk.id)


async def test_somebody_elses_board_is_neither_shared_nor_deleted(bob: Assistant, desk: Desk, bobs_id: str) -> None:
    for tool, more in (
        ("share_board", {"share_with": bobs_id}),
        ("unshare_board", {"share_with": bobs_id}),
        ("delete_board", {"confirm": True}),
    ):
        assert f"Board {desk.id} not found" in await bob.error(f"deck_{tool}", board_id=desk.id, **more)
