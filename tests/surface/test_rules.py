"""Rules that every tool keeps, tested over all of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, MAX_LIMIT
from nextcloud_mcp_server.server.protocol import PREAMBLE
from tests.surface.build import BOUND, CATALOG

CONTRACT: list[dict[str, Any]] = json.loads((Path(__file__).parent / "contract.json").read_text())
LATER = frozenset({"news", "collectives", "talk", "mail"})
PRESENT = [one for one in CONTRACT if one["app"] not in LATER]
JSON_TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "object": "object"}


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from nodes(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from nodes(value)


@pytest.mark.parametrize("name", sorted(BOUND))
def test_a_tool_keeps_the_rules_of_the_surface(name: str) -> None:
    bound = BOUND[name]
    schema = bound.schema
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name)
    assert bound.mcp.title
    assert bound.mcp.title != name
    assert bound.mcp.description
    assert "Args:" not in bound.mcp.description
    assert "Returns:" not in bound.mcp.description
    assert schema["type"] == "object"
    assert not {"anyOf", "oneOf", "allOf", "$ref", "$defs"} & schema.keys()
    for node in nodes(schema):
        assert "$ref" not in node
        assert {"type": "null"} not in node.get("anyOf", [])
        assert not isinstance(node.get("title"), str)
        assert len(str(node.get("description", "")).split()) <= 30


@pytest.mark.parametrize("name", sorted(BOUND))
def test_hints_say_what_the_effect_is(name: str) -> None:
    effect, hints = BOUND[name].tool.effect, BOUND[name].mcp.annotations
    assert hints is not None
    assert hints.read_only_hint is (effect == "read")
    assert hints.destructive_hint is (effect == "delete")
    assert bool(hints.idempotent_hint) is (effect == "delete")
    if effect == "create" or "update" in name:
        assert hints.idempotent_hint is False


@pytest.mark.parametrize("name", sorted(BOUND))
def test_the_effect_needs_the_fitting_scope(name: str) -> None:
    tool = BOUND[name].tool
    assert tool.scopes
    if not tool.always:
        access = {scope.partition(":")[2] for scope in tool.scopes}
        assert ("write" in access or "send" in access) is (tool.effect != "read")


def test_titles_are_unique() -> None:
    titles = [bound.mcp.title for bound in BOUND.values()]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("wanted", PRESENT, ids=lambda one: one["name"])
def test_a_tool_of_the_public_contract_is_there_as_promised(wanted: dict[str, Any]) -> None:
    bound = BOUND[wanted["name"]]
    tool, properties, required = bound.tool, bound.schema["properties"], bound.schema.get("required", [])
    assert (tool.app, tool.effect) == (wanted["app"], wanted["effect"])
    assert tool.scopes == frozenset(wanted["scopes"])
    for name, kind in wanted["args"].items():
        assert name in properties, name
        if kind.endswith("?"):
            assert name not in required, name
        expected = JSON_TYPES.get(kind.rstrip("?"))
        assert expected is None or properties[name].get("type", expected) in (expected, "integer"), (name, properties[name])
    assert set(required) <= wanted["args"].keys(), "a new argument must be optional"


def test_every_app_of_this_build_has_its_tools() -> None:
    assert set(BOUND) >= {one["name"] for one in PRESENT}
    assert all(app.tools.tools or app.resources or app.prompts for app in CATALOG.apps.values())


def test_what_tools_leave_unsaid_the_instructions_say_once() -> None:
    assert f"pages of {DEFAULT_LIMIT}, with `limit` of up to {MAX_LIMIT}:" in PREAMBLE
    assert "default" not in BOUND["deck_get_boards"].schema["properties"]["limit"]
    assert BOUND["nc_semantic_search"].schema["properties"]["limit"]["default"] != DEFAULT_LIMIT
