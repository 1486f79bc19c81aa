"""A board of one's own, made and deleted around each test; bob sees it only where a test shares it."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from nextcloud_mcp_server.core.errors import NextcloudError
from tests.support.assistant import Assistant

API = "/index.php/apps/deck/api/v1.1/boards"


@dataclass
class Desk:
    """Alice's board with two stacks, `todo` and `done`, and one card in `todo`."""

    alice: Assistant
    id: int
    todo: int
    done: int
    card: int

    @property
    def at(self) -> dict[str, int]:
        """The ids that tools about the card want."""
        return {"board_id": self.id, "stack_id": self.todo, "card_id": self.card}

    @property
    def in_todo(self) -> dict[str, int]:
        return {"board_id": self.id, "stack_id": self.todo}

    async def add(self, title: str, **fields: Any) -> int:
        return (await self.alice.call("deck_create_card", **self.in_todo, title=title, **fields))["id"]

    async def read(self) -> dict[str, Any]:
        return await self.alice.call("deck_get_card", **self.at)

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """A tool about the card."""
        return await self.alice.call(tool, **{**self.at, **arguments})

    async def label(self, title: str) -> int:
        """The id of one of the board's labels."""
        found = await self.alice.call("deck_get_labels", board_id=self.id, limit=100)
        return next(one["id"] for one in found["labels"] if one["title"] == title)

    async def share(self, user: str, *, edit: bool = True, manage: bool = False) -> None:
        acl = {"type": 0, "participant": user, "permissionEdit": edit, "permissionShare": False, "permissionManage": manage}
        await self.alice.session.request("POST", f"{API}/{self.id}/acl", what="the members", json=acl)


async def a_board(alice: Assistant, name: str) -> AsyncGenerator[Desk]:
    board = (await alice.call("deck_create_board", title=name, color="0800fd"))["id"]
    todo = (await alice.call("deck_create_stack", board_id=board, title="To do", order=1))["id"]
    done = (await alice.call("deck_create_stack", board_id=board, title="Done", order=2))["id"]
    desk = Desk(alice, board, todo, done, 0)
    desk.card = await desk.add("Card one", description="desc **md**", duedate="2026-12-24T10:00:00+00:00", order=0)
    yield desk
    with suppress(NextcloudError):
        await alice.session.request("DELETE", f"{API}/{board}", what="the board")


@pytest.fixture
async def desk(alice: Assistant, name: str) -> AsyncGenerator[Desk]:
    async for one in a_board(alice, name):
        yield one


@pytest.fixture
async def other(alice: Assistant, name: str) -> AsyncGenerator[Desk]:
    """A second board of alice's."""
    async for one in a_board(alice, f"{name}-other"):
        yield one


@pytest.fixture
async def bobs_id(bob: Assistant) -> str:
    return await bob.session.uid()
