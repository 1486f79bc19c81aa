"""Lists of cards on a Nextcloud: pages, filters, and how much of a card they show."""

import asyncio
from typing import Any

import pytest

from tests.contract.test_deck.conftest import Desk
from tests.support.assistant import Assistant


async def ids(desk: Desk, **filters: Any) -> list[int]:
    return [card["id"] for card in (await desk.alice.call("deck_get_cards", **desk.in_todo, limit=100, **filters))["cards"]]


async def fill(desk: Desk, count: int) -> list[int]:
    """Cards in order behind the first one."""
    return [await desk.add(f"Card {number:02}", order=number) for number in range(1, count + 1)]


@pytest.mark.parametrize("count", [0, 25, 26])
async def test_a_stack_is_listed_in_pages_of_25(desk: Desk, alice: Assistant, count: int) -> None:
    made = await fill(desk, count)
    await desk.call("deck_delete_card")
    page = await alice.call("deck_get_cards", **desk.in_todo)
    assert [card["id"] for card in page["cards"]] == made[:25]
    assert page["total"] == count
    rest: list[dict[str, Any]] = []
    if "next_cursor" in page:
        rest = (await alice.call("deck_get_cards", **desk.in_todo, cursor=page["next_cursor"]))["cards"]
    assert [card["id"] for card in rest] == made[25:]
    stack = await alice.call("deck_get_stack", **desk.in_todo)
    assert (len(stack["cards"]), stack["card_count"], "note" in stack) == (min(count, 25), count, count > 25)


async def test_filters_come_before_pages(desk: Desk) -> None:
    made = await fill(desk, 4)
    later = await desk.label("Later")
    for card in (made[1], made[3]):
        await desk.call("deck_assign_label_to_card", card_id=card, label_id=later)
    page = await desk.alice.call("deck_get_cards", **desk.in_todo, label="Later", limit=1)
    assert (page["cards"][0]["id"], page["total"]) == (made[1], 2)
    rest = await desk.alice.call("deck_get_cards", **desk.in_todo, label="Later", limit=1, cursor=page["next_cursor"])
    assert rest["cards"][0]["id"] == made[3]


async def test_cards_are_chosen_by_state(desk: Desk) -> None:
    opened, done, put_away, done_away = await fill(desk, 4)
    for card in (done, done_away):
        await desk.call("deck_update_card", card_id=card, done="2026-11-21T00:00:00+00:00")
    for card in (put_away, done_away):
        await desk.call("deck_archive_card", card_id=card)
    assert await ids(desk) == [desk.card, opened, done]
    assert await ids(desk, status="open") == [desk.card, opened]
    assert await ids(desk, status="done") == [done]
    assert sorted(await ids(desk, status="archived")) == [put_away, done_away]
    assert sorted(await ids(desk, status="ALL")) == [desk.card, opened, done, put_away, done_away]


async def test_cards_are_chosen_by_label_and_person_in_every_state(desk: Desk, bobs_id: str) -> None:
    await desk.share(bobs_id)
    first, second, third = await fill(desk, 3)
    later = await desk.label("Later")
    for card in (first, third):
        await desk.call("deck_assign_label_to_card", card_id=card, label_id=later)
    for card in (first, second, third):
        await desk.call("deck_assign_user_to_card", card_id=card, user_id=bobs_id)
    await desk.call("deck_archive_card", card_id=third)
    assert await ids(desk, assigned_to=bobs_id) == [first, second]
    assert await ids(desk, assigned_to=bobs_id, label="Later") == [first]
    assert await ids(desk, assigned_to=bobs_id, status="archived") == [third]
    assert await ids(desk, assigned_to=bobs_id, label="Later", status="all") == [first, third]
    assert await ids(desk, assigned_to="nobody") == []
    assert await ids(desk, label=" later") == [first]
    assert await ids(desk, label="Lat") == []


async def test_a_summary_shows_what_one_chooses_by_and_nothing_empty(desk: Desk, bobs_id: str) -> None:
    await desk.share(bobs_id)
    await desk.call("deck_assign_label_to_card", label_id=await desk.label("Later"))
    await desk.call("deck_assign_user_to_card", user_id=bobs_id)
    plain = await desk.add("Plain")
    page = await desk.alice.call("deck_get_cards", **desk.in_todo)
    assert page["cards"][0] == {
        "id": desk.card,
        "title": "Card one",
        "duedate": "2026-12-24T10:00:00+00:00",
        "labels": ["Later"],
        "assignedUsers": [bobs_id],
        "hasDescription": True,
        "descriptionPreview": "desc **md**",
    }
    assert page["cards"][1] == {"id": plain, "title": "Plain"}
    assert page["stack_id"] == desk.todo
    assert page["card_url"].endswith(f"/board/{desk.id}/card/{{id}}")


async def test_previews_and_full_descriptions_are_cut_where_asked(desk: Desk) -> None:
    await desk.call("deck_update_card", description="word " * 100)
    short = (await desk.alice.call("deck_get_cards", **desk.in_todo))["cards"][0]
    assert len(short["descriptionPreview"]) <= 140
    tiny = (await desk.alice.call("deck_get_cards", **desk.in_todo, description_preview_length=10))["cards"][0]
    assert len(tiny["descriptionPreview"]) <= 10
    full = (await desk.alice.call("deck_get_cards", **desk.in_todo, detail="full", description_max_length=7))["cards"][0]
    assert full["description"] == "word wo"
    assert "deck_get_card" in full["note"]
    assert full["owner"] == await desk.alice.session.uid()
    for name in ("description_max_length", "description_preview_length"):
        for wrong in (0, -1):
            assert name in await desk.alice.error("deck_get_cards", **desk.in_todo, **{name: wrong})


async def test_a_long_description_is_read_in_pieces_and_kept_by_a_change(desk: Desk) -> None:
    text = "".join(f"{number:05} " for number in range(10_000))
    await desk.call("deck_update_card", description=text)
    first = await desk.read()
    assert "offset=50000" in first["note"]
    rest = await desk.call("deck_get_card", offset=50_000)
    assert first["description"] + rest["description"] == text
    await desk.call("deck_update_card", title="Renamed")
    assert (await desk.call("deck_get_card", offset=59_990))["description"] == text[59_990:]


async def test_a_cursor_from_elsewhere_is_refused(desk: Desk) -> None:
    assert "cursor" in await desk.alice.error("deck_get_cards", **desk.in_todo, cursor="nonsense")


async def test_ten_thousand_cards_are_listed_in_pages(desk: Desk, alice: Assistant, place: Any) -> None:
    if place.sandbox is None:
        pytest.skip("a real Nextcloud would take an hour to make them")
    from nextcloud_sandbox.areas.deck.state import Decks

    decks = Decks(place.sandbox.sandbox)
    owner = await alice.session.uid()
    made = [decks.add_card(desk.done, f"Card {number}", owner, order=number).id for number in range(10_000)]
    page = await alice.call("deck_get_cards", board_id=desk.id, stack_id=desk.done, limit=500)
    assert (page["total"], [card["id"] for card in page["cards"]]) == (10_000, made[:500])
    overview, stack = await asyncio.gather(
        alice.call("deck_get_board_overview", board_id=desk.id), alice.call("deck_get_stack", board_id=desk.id, stack_id=desk.done)
    )
    assert overview["total_cards"] == 10_001
    assert (len(stack["cards"]), stack["card_count"]) == (25, 10_000)
