"""What the surface costs an assistant, in o200k tokens of name, description and input schema."""

import json
from pathlib import Path

import bpe_openai
import mcp_types as mcp
import pytest

from nextcloud_mcp_server.server.binding import Bound
from nextcloud_mcp_server.settings.tree import Mode
from tests.conftest import NOTES
from tests.surface.build import BOUND, CATALOG

TOKENS = bpe_openai.get_encoding("o200k_base")
BIG = frozenset({"calendar", "contacts"})
CORE = {one["name"] for one in json.loads((Path(__file__).parent / "contract.json").read_text()) if one["core"]}


def tokens(bound: Bound) -> int:
    seen = {"name": bound.mcp.name, "description": bound.mcp.description, "input_schema": bound.schema}
    return len(TOKENS.encode(json.dumps(seen, separators=(",", ":"), ensure_ascii=False)))


def default_set(mode: Mode) -> list[Bound]:
    there = [bound for bound in BOUND.values() if not bound.tool.modes or mode in bound.tool.modes]
    return [bound for bound in there if bound.tool.app in CATALOG.defaults]


@pytest.mark.parametrize("mode", Mode)
def test_the_default_set_of_a_mode_costs_at_most_12000_tokens(mode: Mode) -> None:
    listed = default_set(mode)
    cost = sum(map(tokens, listed))
    NOTES.append(f"surface: the default set of {mode}, {len(listed)} tools, costs {cost} tokens, {cost / len(listed):.0f} on average")
    assert cost <= 12_000


def test_everything_costs_at_most_24000_tokens() -> None:
    cost = sum(map(tokens, BOUND.values()))
    NOTES.append(f"surface: all {len(BOUND)} tools cost {cost} tokens")
    assert cost <= 24_000


def test_a_tool_costs_at_most_400_tokens_and_130_on_average() -> None:
    costs = {name: tokens(bound) for name, bound in BOUND.items()}
    limit = {name: 600 if BOUND[name].tool.app in BIG else 400 for name in BOUND}
    assert {name: cost for name, cost in costs.items() if cost > limit[name]} == {}
    assert sum(costs.values()) / len(costs) <= 130


@pytest.mark.parametrize("listed", [list(BOUND.values()), *map(default_set, Mode)], ids=["everything", *Mode])
def test_the_wire_carries_at_most_a_quarter_more(listed: list[Bound]) -> None:
    wire = len(mcp.ListToolsResult(tools=[bound.mcp for bound in listed]).model_dump_json(by_alias=True, exclude_none=True).encode())
    read = [{"name": one.mcp.name, "description": one.mcp.description, "inputSchema": one.schema} for one in listed]
    seen = len(json.dumps(read, separators=(",", ":"), ensure_ascii=False).encode())
    NOTES.append(f"surface: {wire} bytes on the wire for {len(listed)} tools, {wire / seen:.3f} of what a model reads")
    assert wire <= seen * 1.25


def test_the_default_set_holds_the_core_tools_of_its_apps() -> None:
    missing = {name for name in CORE & BOUND.keys() if BOUND[name].tool.app not in CATALOG.defaults}
    assert missing == set()
