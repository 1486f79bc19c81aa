"""What Deck's refusals come to, and the parts of its API that only newer versions have."""

import pytest

from nextcloud_mcp_server.apps.deck.models import Board
from nextcloud_mcp_server.apps.deck.tools.people import deck_assign_dependent_card, deck_remove_dependent_card
from nextcloud_mcp_server.core.errors import MissingApp, NotFound
from tests.unit.apps.deck.stub import AT, StubSession, deck, record


async def test_dependencies_are_set_and_removed_on_a_deck_that_has_them() -> None:
    session = StubSession(record())
    await deck_assign_dependent_card(deck(session), **AT, dependent_card_id=8)
    await deck_remove_dependent_card(deck(session), **AT, dependent_card_id=8)
    path = "/index.php/apps/deck/api/v1.0/boards/1/stacks/2/cards/3/dependentCards/8"
    assert [(method, where) for method, where, _ in session.sent if method != "GET"] == [("POST", path), ("DELETE", path)]


async def test_a_deck_without_dependencies_is_told_from_a_missing_card() -> None:
    with pytest.raises(MissingApp, match="no dependent cards"):
        await deck_assign_dependent_card(deck(StubSession(record(), {"POST": 405})), **AT, dependent_card_id=8)
    with pytest.raises(NotFound, match="Card 8 not found"):
        await deck_assign_dependent_card(deck(StubSession(record(), {"POST": 404})), **AT, dependent_card_id=8)


def test_a_board_with_lists_for_objects_and_nulls_is_understood() -> None:
    board = Board.model_validate(
        {"id": 1, "settings": [], "permissions": [], "acl": None, "users": None, "labels": {"3": {"id": 9}}, "stacks": None}
    )
    assert (board.settings, board.permissions, board.acl, board.users, board.stacks) == ({}, {}, [], [], [])
    assert [label.id for label in board.labels or []] == [9]
