"""What was deleted comes back whole, on a Nextcloud."""

from nextcloud_mcp_server.apps.deck.client import RESTORE
from tests.contract.test_deck.conftest import Desk
from tests.contract.test_deck.test_cards import dress, essence
from tests.support.assistant import Assistant


async def test_a_deleted_card_comes_back_with_everything_it_had(desk: Desk, alice: Assistant) -> None:
    before = await dress(desk, await alice.session.uid())
    await desk.call("deck_delete_card")
    answer = await alice.call("deck_restore", board_id=desk.id, card_id=desk.card)
    assert (answer["card_id"], answer["stack_id"]) == (desk.card, desk.todo)
    assert essence(await desk.read()) == before


async def test_a_deleted_archived_card_comes_back_archived(desk: Desk, alice: Assistant) -> None:
    await desk.call("deck_archive_card")
    before = essence(await desk.read())
    await desk.call("deck_delete_card")
    await alice.call("deck_restore", board_id=desk.id, card_id=desk.card)
    assert essence(await desk.read()) == before


async def test_a_deleted_stack_comes_back_with_its_cards(desk: Desk, alice: Assistant) -> None:
    before = essence(await desk.read())
    await alice.call("deck_delete_stack", board_id=desk.id, stack_id=desk.todo, confirm=True)
    await alice.call("deck_restore", board_id=desk.id, stack_id=desk.todo)
    stacks = (await alice.call("deck_get_stacks", board_id=desk.id))["stacks"]
    assert [(stack["id"], stack["order"], len(stack["cards"])) for stack in stacks] == [(desk.todo, 1, 1), (desk.done, 2, 0)]
    assert essence(await desk.read()) == before


async def test_a_card_of_a_deleted_stack_wants_its_stack_first(desk: Desk, alice: Assistant) -> None:
    await desk.call("deck_delete_card")
    await alice.call("deck_delete_stack", board_id=desk.id, stack_id=desk.todo)
    assert f"stack_id={desk.todo}" in await alice.error("deck_restore", board_id=desk.id, card_id=desk.card)


async def test_what_was_not_deleted_is_told_with_what_was(desk: Desk, alice: Assistant) -> None:
    second = await desk.add("Gone")
    await desk.call("deck_delete_card", card_id=second)
    text = await alice.error("deck_restore", board_id=desk.id, card_id=desk.card)
    assert f"Gone ({second})" in text
    assert "not among" in await alice.error("deck_restore", board_id=desk.id, stack_id=desk.todo)
    assert "either" in await alice.error("deck_restore", board_id=desk.id, card_id=second, stack_id=desk.todo)
    assert "deck_restore" in RESTORE


async def test_nobody_restores_on_a_board_they_do_not_see(desk: Desk, bob: Assistant) -> None:
    await desk.call("deck_delete_card")
    assert f"Board {desk.id} not found" in await bob.error("deck_restore", board_id=desk.id, card_id=desk.card)
