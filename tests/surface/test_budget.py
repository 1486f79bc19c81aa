"""What the surface costs an assistant, in o200k tokens of name, description and input schema."""

import json
from pathlib import Path

import bpe_openai
import mcp_types as mcp

from nextcloud_mcp_server.server.binding import Bound
from tests.conftest import NOTES
from tests.surface.build import BOUND, CATALOG

TOKENS = bpe_openai.get_encoding("o200k_base")
BIG = frozenset({"calendar", "contacts"})
CORE = {one["name"] for one in json.loads((Path(__file__).parent / "contract.json").read_text()) if one["core"]}


def tokens(bound: Bound) -> int:
    seen = {"name": bound.mcp.name, "description": bound.mcp.description, "input_schema": bound.schema}
    return len(TOKENS.encode(json.dumps(seen, separators=(",", ":"), ensure_ascii=False)))


def default_set() -> list[Bound]:
    return [bound for bound in BOUND.values() if bound.tool.app in CATALOG.defaults]


def test_the_default_set_costs_at_most_12000_tokens() -> None:
    cost = sum(map(tokens, default_set()))
    NOTES.append(f"surface: default set of {len(default_set())} tools costs {cost} tokens, {cost / len(default_set()):.0f} on average")
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


def test_the_wire_carries_at_most_a_quarter_more() -> None:
    listed = mcp.ListToolsResult(tools=[bound.mcp for bound in BOUND.values()])
    wire = len(listed.model_dump_json(by_alias=True, exclude_none=True).encode())
    seen = sum(
        len(
            json.dumps(
                {"name": b.mcp.name, "description": b.mcp.description, "inputSchema": b.schema}, separators=(",", ":"), ensure_ascii=False
            ).encode()
        )
        for b in BOUND.values()
    )
    NOTES.append(f"surface: {wire} bytes on the wire, {wire / seen:.2f} of what a model reads")
    assert wire <= seen * 1.25


def test_the_default_set_holds_the_core_tools_of_its_apps() -> None:
    missing = {name for name in CORE & BOUND.keys() if BOUND[name].tool.app not in CATALOG.defaults}
    assert missing == set()
