"""A client learns that an app was installed or removed while it is connected."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import Client

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import CredentialRefused
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.server.catalog import Catalog, Limits
from nextcloud_mcp_server.server.protocol import Protocol
from nextcloud_mcp_server.server.surface import Surface, View
from tests.unit.server.made_up import APP
from tests.unit.server.test_protocol import Capable, surface


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_installing_an_app_notifies_the_client_and_lists_its_tools(era: str) -> None:
    capabilities: dict[str, Any] = {}
    protocol = Protocol(surface(capabilities))
    told = asyncio.Event()

    async def message(notification: Any) -> None:
        if getattr(notification, "method", "") == "notifications/tools/list_changed":
            told.set()

    async with Client(protocol.server(), mode=era, message_handler=message) as client:
        assert (await client.list_tools()).tools == []
        await protocol.changes.look_again()
        assert not told.is_set()
        if era == "auto":
            async with client.listen(tools_list_changed=True) as events:
                capabilities["shelf"] = {}
                await protocol.changes.look_again()
                assert type(await anext(aiter(events))).__name__ == "ToolsListChanged"
        else:
            capabilities["shelf"] = {}
            await protocol.changes.look_again()
            await asyncio.wait_for(told.wait(), 5)
        assert len((await client.list_tools()).tools) == 7


class Asked:
    """A Nextcloud that notes who asked it for capabilities, and refuses whom it is told to."""

    def __init__(self) -> None:
        self.capabilities: dict[str, dict[str, Any]] = {"alice": {}, "bob": {}}
        self.refused: set[str] = set()
        self.by: list[str] = []

    async def open_session(self, caller: Caller) -> Session:
        self.by.append(caller.subject)
        if caller.subject in self.refused:
            raise CredentialRefused("no")
        return Capable(self.capabilities[caller.subject])  # type: ignore[return-value]

    def protocol(self, person: Caller) -> "As":
        limits = Limits(frozenset({"shelf"}))
        return As(Surface(Catalog({"shelf": APP}), limits, self.open_session, "basic"), person)


class As(Protocol):
    """Every connection is this person's; `person` may change between requests."""

    def __init__(self, surface: Surface, person: Caller) -> None:
        super().__init__(surface)
        object.__setattr__(self, "person", person)

    def _who(self, context: Any) -> tuple[Caller, Limits]:
        return getattr(self, "person"), self.surface.limits  # noqa: B009 - the class is frozen


@asynccontextmanager
async def listening(protocol: Protocol) -> AsyncGenerator[tuple[Client, list[str]]]:
    """A client of the older era, and the methods of all notifications that it has."""
    told: list[str] = []

    async def message(notification: Any) -> None:
        told.append(getattr(notification, "method", ""))

    async with Client(protocol.server(), mode="legacy", message_handler=message) as client:
        yield client, told


ALICE = Caller("basic", "alice", method="basic", credential="alice's header")


async def test_nobody_is_looked_at_when_they_do_not_ask() -> None:
    """The pair of a pass-through request serves that request only."""
    nextcloud = Asked()
    protocol = nextcloud.protocol(ALICE)
    for era in ("auto", "legacy"):
        async with Client(protocol.server(), mode=era) as client:
            await client.list_tools()
            nextcloud.by.clear()
            await protocol.changes.look_again()
            assert nextcloud.by == []


async def test_a_listener_is_looked_at_until_it_leaves() -> None:
    nextcloud = Asked()
    protocol = nextcloud.protocol(ALICE)
    async with Client(protocol.server(), mode="auto") as client:
        async with client.listen(tools_list_changed=True):
            nextcloud.by.clear()
            await protocol.changes.look_again()
            assert nextcloud.by == ["alice"]
    nextcloud.by.clear()
    await protocol.changes.look_again()
    assert nextcloud.by == []


async def test_an_older_client_is_told_with_its_next_call_of_its_own_change_only() -> None:
    nextcloud = Asked()
    protocol = nextcloud.protocol(ALICE)
    async with listening(protocol) as (client, told):
        await client.list_tools()
        nextcloud.capabilities["bob"] = {"shelf": {}}
        await client.call_tool("shelf_get_books", {})
        assert told == []
        nextcloud.capabilities["alice"] = {"shelf": {}}
        await client.call_tool("shelf_get_books", {})
        await client.call_tool("shelf_get_books", {})
        assert told == ["notifications/tools/list_changed"]


async def test_a_nextcloud_that_cannot_be_asked_changes_nothing() -> None:
    nextcloud = Asked()
    protocol = nextcloud.protocol(ALICE)
    async with listening(protocol) as (client, told):
        await client.list_tools()
        nextcloud.refused = {"alice"}
        await client.call_tool("shelf_get_books", {})
        nextcloud.refused = set()
        await client.call_tool("shelf_get_books", {})
        assert told == []


def test_equal_views_are_one_list_whether_nextcloud_could_be_asked_or_not() -> None:
    known: Mapping[str, Any] = {"shelf": {}}
    one = surface(known)
    limits = Limits(frozenset({"shelf"}))
    assert one.tools(View(limits, frozenset({"shelf"}), None)) is one.tools(View(limits, frozenset({"shelf"}), None, asked=False))
