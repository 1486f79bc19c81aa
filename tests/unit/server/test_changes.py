"""A client learns that an app was installed or removed while it is connected."""

import asyncio
from typing import Any

import pytest
from mcp import Client

from nextcloud_mcp_server.server.protocol import Protocol
from tests.unit.server.test_protocol import surface


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
