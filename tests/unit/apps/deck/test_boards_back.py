"""Restoring boards with a Deck that can, which is newer than 1.16."""

from typing import Any

import orjson
import pytest

from nextcloud_mcp_server.apps.deck.tools.restoring import deck_restore
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.nextcloud.answers import Answer
from tests.unit.apps.deck.stub import StubSession, deck, record

DELETED, STANDING = 7, 8


class Boards(StubSession):
    """Two boards, one of them deleted."""

    async def request(self, method: str, path: str, *, what: str, headers: Any = None, **more: Any) -> Answer:
        self.sent.append((method, path, more.get("json")))
        boards = [{"id": DELETED, "title": "Plan", "deletedAt": 5}, {"id": STANDING, "title": "Other", "deletedAt": 0}]
        return Answer(200, {}, orjson.dumps(boards), what)


async def test_a_deleted_board_is_restored() -> None:
    session = Boards(record())
    told = await deck_restore(deck(session), DELETED)
    assert (told.message, told.board_id) == ("Board 'Plan' restored.", DELETED)
    assert [(method, path.rpartition("/boards")[2]) for method, path, _ in session.sent] == [
        ("GET", ""),
        ("POST", f"/{DELETED}/undo_delete"),
    ]


async def test_a_board_that_was_not_deleted_is_left_alone() -> None:
    session = Boards(record())
    with pytest.raises(NotFound, match="not among the deleted") as refused:
        await deck_restore(deck(session), STANDING)
    assert refused.value.candidates == (f"Plan ({DELETED})",)
    assert [method for method, _, _ in session.sent] == ["GET"]
