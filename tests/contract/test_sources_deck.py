"""What background sync sees of Deck's cards, on a Nextcloud."""

from collections.abc import AsyncGenerator

import pytest

from nextcloud_mcp_server.apps.deck.source import DeckSource
from tests.contract.test_deck.conftest import API, Desk, a_board
from tests.support.assistant import Assistant
from tests.support.follower import Follower


@pytest.fixture
async def desk(alice: Assistant, name: str) -> AsyncGenerator[Desk]:
    async for desk in a_board(alice, name):
        yield desk


@pytest.fixture
async def other(alice: Assistant, name: str) -> AsyncGenerator[Desk]:
    async for desk in a_board(alice, f"{name} other"):
        yield desk


@pytest.fixture
def cards(alice: Assistant) -> Follower:
    return Follower(DeckSource(alice.session))


async def test_a_card_says_what_people_search_for(alice: Assistant, cards: Follower, desk: Desk, name: str) -> None:
    label = await desk.label("To review")
    await desk.call("deck_assign_label_to_card", label_id=label)
    await alice.call("deck_create_card_comment", card_id=desk.card, message="a remark")
    await cards.scan()
    me, card = await alice.session.uid(), cards.documents[f"{desk.id}/{desk.card}"]
    assert (card.title, card.tags, card.owner, card.readers) == ("Card one", ("To review",), me, frozenset({me}))
    for part in ("Card one", f"Board: {name}, list: To do", "Labels: To review", "Due: 2026-12-24", "Comments: 1", "desc **md**"):
        assert part in card.text
    assert (cards.source.link(card.id, card.extra) or "").endswith(f"/apps/deck/board/{desk.id}/card/{desk.card}")


async def test_a_changed_card_is_the_only_one_that_is_changed(alice: Assistant, cards: Follower, desk: Desk) -> None:
    second = await desk.add("Card two")
    both = (f"{desk.id}/{desk.card}", f"{desk.id}/{second}")
    await cards.scan()
    assert set(both) <= set(cards.stored)
    assert (await cards.scan()).among(both).changed == set()
    await desk.call("deck_update_card", description="other words")
    scan = (await cards.scan()).among(both)
    assert (scan.changed, scan.dropped) == ({both[0]}, set())
    assert "other words" in cards.documents[both[0]].text


async def test_two_changes_within_one_second_are_both_seen(cards: Follower, desk: Desk) -> None:
    id = f"{desk.id}/{desk.card}"
    for words in ("one", "two", "three"):
        await desk.call("deck_update_card", description=words)
        await cards.scan()
        assert words in cards.documents[id].text
    await desk.call("deck_delete_card")
    assert (await cards.scan()).among([id]).dropped == {id}


async def test_a_card_that_is_archived_deleted_and_restored_is_followed(alice: Assistant, cards: Follower, desk: Desk) -> None:
    id = f"{desk.id}/{desk.card}"
    await desk.add("stays")
    await cards.scan()
    await desk.call("deck_archive_card")
    assert (await cards.scan()).among([id]).changed == {id}
    assert cards.documents[id].extra == {"archived": True}
    await desk.call("deck_unarchive_card")
    await desk.call("deck_delete_card")
    assert await cards.source.readable([id]) == frozenset()
    assert (await cards.scan()).among([id]).dropped == {id}
    await alice.call("deck_restore", board_id=desk.id, card_id=desk.card)
    assert (await cards.scan()).among([id]).changed == {id}
    assert await cards.source.readable([id]) == {id}


async def test_a_card_on_another_board_is_another_document(alice: Assistant, cards: Follower, desk: Desk, other: Desk) -> None:
    id, moved = f"{desk.id}/{desk.card}", f"{other.id}/{desk.card}"
    await cards.scan()
    places = {"source_board_id": desk.id, "source_stack_id": desk.todo, "target_board_id": other.id, "target_stack_id": other.done}
    await alice.call("deck_move_card_to_board", card_id=desk.card, **places)
    assert await cards.source.readable([id, moved]) == {moved}
    scan = (await cards.scan()).among([id, moved])
    assert (scan.changed, scan.dropped) == ({moved}, {id})


async def test_a_deleted_board_drops_its_cards_and_no_others(alice: Assistant, cards: Follower, desk: Desk, other: Desk) -> None:
    await cards.scan()
    await alice.session.request("DELETE", f"{API}/{other.id}", what="the board")
    scan = (await cards.scan()).among([f"{desk.id}/{desk.card}", f"{other.id}/{other.card}"])
    assert (scan.changed, scan.dropped) == (set(), {f"{other.id}/{other.card}"})


async def test_only_those_who_share_the_board_read_its_cards(
    alice: Assistant, bob: Assistant, cards: Follower, desk: Desk, name: str
) -> None:
    me, them = await alice.session.uid(), await bob.session.uid()
    id, theirs = f"{desk.id}/{desk.card}", Follower(DeckSource(bob.session))
    own = (await bob.call("deck_create_board", title=f"{name} of bob", color="0800fd"))["id"]
    try:
        await cards.scan()
        await theirs.scan()
        assert id not in theirs.stored
        assert await theirs.source.readable([id]) == frozenset()
        assert [card async for card in theirs.source.fetch([id])] == []
        await desk.share(them)
        assert (await cards.scan()).among([id]).changed == {id}
        assert cards.documents[id].readers == {me, them}
        assert (await theirs.scan()).among([id]).changed == {id}
        assert (theirs.documents[id].owner, theirs.documents[id].text) == (me, cards.documents[id].text)
        assert theirs.documents[id].version == cards.documents[id].version
        assert await theirs.source.readable([id]) == {id}
        acl = (await alice.session.request("GET", f"{API}/{desk.id}", what="the board")).json()["acl"][0]["id"]
        await alice.session.request("DELETE", f"{API}/{desk.id}/acl/{acl}", what="the share")
        assert await theirs.source.readable([id]) == frozenset()
        assert (await theirs.scan()).among([id]).dropped == {id}
        assert (await cards.scan()).among([id]).changed == {id}
        assert cards.documents[id].readers == {me}
    finally:
        await bob.session.request("DELETE", f"{API}/{own}", what="the board")
