"""A card in words, and who reads it."""

from typing import Any

import pytest

from nextcloud_mcp_server.apps.deck.models import BOARD, CARD, STACK
from nextcloud_mcp_server.apps.deck.source import readers_of, text_of

CARD_FIELDS: dict[str, Any] = {
    "id": 7,
    "title": "Roof",
    "stackId": 2,
    "type": "plain",
    "order": 1,
    "archived": False,
    "owner": "alice",
    "description": " Buy tiles \n",
    "duedate": None,
}


def said(**fields: Any) -> str:
    board, stack = BOARD.validate_python({"id": 1, "title": "House"}), STACK.validate_python({"id": 2, "title": "To do"})
    return text_of(board, stack, CARD.validate_python({**CARD_FIELDS, **fields}))


def test_a_plain_card_is_its_title_place_and_description() -> None:
    assert said() == "Roof\nBoard: House, list: To do\n\nBuy tiles"
    assert said(description=None) == "Roof\nBoard: House, list: To do"


def test_labels_people_dates_and_comments_are_said() -> None:
    people = [{"id": 1, "participant": {"uid": "bob", "displayname": "Bob"}}, {"id": 2, "participant": "carol"}]
    labels = [{"id": 1, "title": "Urgent"}, {"id": 2, "title": ""}]
    text = said(labels=labels, assignedUsers=people, duedate="2026-12-24", done="2026-12-20", commentsCount=2, description="")
    assert text.splitlines()[2:] == ["Labels: Urgent", "Assigned to: Bob, carol", "Due: 2026-12-24", "Done: 2026-12-20", "Comments: 2"]


@pytest.mark.parametrize(
    ("acl", "readers"),
    [
        ([], {"alice"}),
        (
            [{"type": 0, "participant": {"uid": "bob"}}, {"type": 1, "participant": {"primaryKey": "staff"}}],
            {"alice", "bob", "group:staff"},
        ),
        ([{"type": 0, "participant": "bob"}, {"type": 7, "participant": {"uid": "a-team"}}], {"alice", "bob"}),
        ([{"type": 0}, {"participant": "nobody"}, {"type": 0, "participant": None}], {"alice"}),
        (None, {"alice"}),
    ],
)
def test_those_on_the_board_read_its_cards_and_teams_are_not_guessed(acl: Any, readers: set[str]) -> None:
    board = BOARD.validate_python({"id": 1, "owner": {"uid": "alice"}, "acl": acl})
    assert readers_of(board) == readers
