"""`MCP_OUTPUT_SCHEMAS=true`: the list describes answers, and answers come as objects too, which the client checks."""

from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from mcp import Client
from pydantic import BaseModel

from nextcloud_mcp_server.core.tools import Tool
from nextcloud_mcp_server.server.catalog import Catalog, find_apps
from nextcloud_mcp_server.server.protocol import Protocol
from nextcloud_mcp_server.server.schema import output_schema
from nextcloud_mcp_server.settings.tree import Surface as SurfaceSettings
from tests.unit.server.test_protocol import surface

TOOLS = Catalog(find_apps()).tools


@pytest.fixture(params=["auto", "legacy"])
async def client(request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    async with Client(Protocol(surface({"shelf": {}}, described=True)).server(), mode=request.param) as connected:
        yield connected


async def test_nobody_pays_for_it_who_does_not_ask() -> None:
    assert SurfaceSettings.model_fields["output_schemas"].default is False
    async with Client(Protocol(surface({"shelf": {}})).server()) as plain:
        assert [tool.output_schema for tool in (await plain.list_tools()).tools] == [None] * 7
        assert (await plain.call_tool("shelf_get_book", {"title": "x"})).structured_content is None


async def test_a_page_is_described_by_its_declared_names(client: Client) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    author = {"type": "object", "properties": {"name": {"type": "string"}, "born": {"type": "integer"}}}
    book = {"type": "object", "properties": {"id": {"type": "integer"}, "title": {"type": "string"}, "author": author}}
    assert tools["shelf_get_books"].output_schema == {
        "type": "object",
        "properties": {
            "success": {"type": "boolean"},
            "books": {"type": "array", "items": book},
            "count": {"type": "integer"},
            "next_cursor": {"type": "string"},
        },
        "required": ["success"],
    }


async def test_an_answer_is_the_same_as_object_and_as_text(client: Client) -> None:
    await client.list_tools()
    for name, arguments in (("shelf_get_books", {"limit": 2}), ("shelf_get_book", {"title": "x"}), ("shelf_add_book", {"title": "x"})):
        result = await client.call_tool(name, arguments)
        assert result.structured_content == orjson.loads(result.content[0].text)  # type: ignore[union-attr]
        assert result.structured_content["success"] is True


async def test_an_error_is_text_alone(client: Client) -> None:
    await client.list_tools()
    result = await client.call_tool("shelf_update_book", {"book_id": 4})
    assert result.is_error
    assert result.structured_content is None


class Branch(BaseModel):
    name: str
    below: list["Branch"] = []


async def tree() -> Branch:
    return Branch(name="root")


def test_something_that_holds_its_own_kind_is_described_one_level_deep() -> None:
    described = output_schema(Tool(tree, "tree", "read", frozenset()))
    assert described["properties"]["below"]["items"] == {"type": "object"}


def nodes(schema: Any) -> list[dict[str, Any]]:
    inner = list(schema.values()) if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    return [node for one in inner for node in nodes(one)] + ([schema] if isinstance(schema, dict) else [])


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_every_tool_has_a_valid_flat_description_of_its_answer(name: str) -> None:
    described = output_schema(TOOLS[name])
    Draft202012Validator.check_schema(described)
    assert described["type"] == "object"
    assert not [node for node in nodes(described) if "$ref" in node or node.get("type") == "null"]
