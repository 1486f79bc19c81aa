"""Comments on cards on a Nextcloud."""

from typing import Any

from tests.contract.test_deck.conftest import Desk
from tests.support.assistant import Assistant


async def comment(desk: Desk, message: str, **more: Any) -> dict[str, Any]:
    return await desk.alice.call("deck_create_card_comment", card_id=desk.card, message=message, **more)


async def listed(desk: Desk, **more: Any) -> dict[str, Any]:
    return await desk.alice.call("deck_get_card_comments", card_id=desk.card, **more)


async def test_a_comment_is_written_answered_and_read(desk: Desk, alice: Assistant) -> None:
    first = await comment(desk, "  Hello\nthere  ")
    assert (first["comment"]["message"], first["comment"]["objectId"], first["part_count"]) == ("Hello\nthere", desk.card, 1)
    assert "parts" not in first
    second = await comment(desk, "reply", parent_id=first["comment"]["id"])
    assert second["comment"]["replyTo"]["id"] == first["comment"]["id"]
    page = await listed(desk)
    assert [one["message"] for one in page["results"]] == ["reply", "Hello\nthere"]
    assert page["count"] == 2
    assert page["results"][0]["actorId"] == await alice.session.uid()
    assert page["results"][0]["replyTo"]["message"] == "Hello\nthere"


async def test_comments_come_in_pages_in_both_orders(desk: Desk) -> None:
    made = [(await comment(desk, f"number {number}"))["comment"]["id"] for number in range(5)]
    for order, expected in (("newest", made[::-1]), ("oldest", made)):
        seen: list[int] = []
        offset = 0
        while True:
            page = await listed(desk, order=order, limit=2, offset=offset)
            seen += [one["id"] for one in page["results"]]
            if "next_offset" not in page:
                break
            offset = page["next_offset"]
        assert seen == expected


async def test_an_empty_card_has_no_comments(desk: Desk) -> None:
    page = await listed(desk)
    assert (page["results"], page["count"]) == ([], 0)


async def test_a_summary_has_four_fields_and_messages_are_cut_where_asked(desk: Desk) -> None:
    made = await comment(desk, "a longer message")
    page = await listed(desk, detail="summary", message_max_length=8)
    shown = page["results"][0]
    assert (shown["id"], shown["message"]) == (made["comment"]["id"], "a longer…")
    assert shown.keys() == {"id", "actorId", "message", "creationDateTime"}


async def test_1000_characters_fit_and_1001_do_not(desk: Desk) -> None:
    await comment(desk, "é" * 1000)
    text = await desk.alice.error("deck_create_card_comment", card_id=desk.card, message="é" * 1001)
    assert "1001 characters" in text
    assert 'overflow="split"' in text
    made = await comment(desk, "short")
    text = await desk.alice.error("deck_update_card_comment", card_id=desk.card, comment_id=made["comment"]["id"], message="x" * 1001)
    assert "1001 characters" in text
    assert (await listed(desk))["count"] == 2


async def test_a_long_comment_is_split_into_a_thread(desk: Desk) -> None:
    parent = (await comment(desk, "question"))["comment"]["id"]
    text = " ".join(f"word{number}" for number in range(300))
    made = await comment(desk, text, overflow="split", parent_id=parent)
    parts = made["parts"]
    assert made["part_count"] == len(parts) == 3
    assert made["comment"] == parts[0]
    assert [part["message"][:6] for part in parts] == ["(1/3) ", "(2/3) ", "(3/3) "]
    assert " ".join(part["message"][6:] for part in parts) == text
    assert parts[0]["replyTo"]["id"] == parent
    assert {part["replyTo"]["id"] for part in parts[1:]} == {parts[0]["id"]}


async def test_a_comment_of_more_than_ten_parts_writes_nothing(desk: Desk) -> None:
    text = await desk.alice.error("deck_create_card_comment", card_id=desk.card, message="word " * 3000, overflow="split")
    assert "parts" in text
    assert (await listed(desk))["count"] == 0


async def test_ones_own_comment_is_changed_and_deleted(desk: Desk) -> None:
    made = (await comment(desk, "first"))["comment"]["id"]
    changed = await desk.alice.call("deck_update_card_comment", card_id=desk.card, comment_id=made, message="second")
    assert changed["comment"]["message"] == "second"
    await desk.alice.call("deck_delete_card_comment", card_id=desk.card, comment_id=made)
    assert (await listed(desk))["results"] == []
    for tool, more in (("update", {"message": "x"}), ("delete", {})):
        text = await desk.alice.error(f"deck_{tool}_card_comment", card_id=desk.card, comment_id=made, **more)
        assert f"Comment {made} not found" in text


async def test_an_empty_comment_is_refused(desk: Desk) -> None:
    for blank in ("", "  \n "):
        assert "empty" in await desk.alice.error("deck_create_card_comment", card_id=desk.card, message=blank)
    assert (await listed(desk))["results"] == []


async def test_a_comment_of_another_card_is_out_of_reach(desk: Desk) -> None:
    made = (await comment(desk, "here"))["comment"]["id"]
    elsewhere = await desk.add("Two")
    text = await desk.alice.error("deck_update_card_comment", card_id=elsewhere, comment_id=made, message="x")
    assert f"Comment {made} not found" in text
    assert "parent" in await desk.alice.error("deck_create_card_comment", card_id=elsewhere, message="x", parent_id=made)


async def test_a_missing_card_is_named(alice: Assistant) -> None:
    for tool, more in (("get_card_comments", {}), ("create_card_comment", {"message": "x"})):
        assert "Card 99999999 not found" in await alice.error(f"deck_{tool}", card_id=99999999, **more)


async def test_nobody_reads_or_changes_other_peoples_comments(desk: Desk, bob: Assistant, bobs_id: str) -> None:
    made = (await comment(desk, "mine"))["comment"]["id"]
    assert f"Card {desk.card} not found" in await bob.error("deck_get_card_comments", card_id=desk.card)
    await desk.share(bobs_id)
    assert (await bob.call("deck_get_card_comments", card_id=desk.card))["count"] == 1
    for tool, more in (("update", {"message": "x"}), ("delete", {})):
        text = await bob.error(f"deck_{tool}_card_comment", card_id=desk.card, comment_id=made, **more)
        assert "authors" in text
    assert (await listed(desk))["results"][0]["message"] == "mine"
