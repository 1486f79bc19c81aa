"""One snapshot a tool: the tool list is an API, and a change of it shows in a review.

`ACCEPT_SURFACE=1` writes them anew.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.surface.build import BOUND

FOLDER = Path(__file__).parent / "snapshots"
ACCEPT = os.environ.get("ACCEPT_SURFACE") == "1"


def snapshot(name: str) -> dict[str, Any]:
    bound = BOUND[name]
    shown = bound.mcp.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {**shown, "effect": bound.tool.effect, "scopes": sorted(bound.tool.scopes)}


@pytest.mark.parametrize("name", sorted(BOUND))
def test_a_tool_is_as_its_snapshot_says(name: str) -> None:
    path = FOLDER / f"{name}.json"
    if ACCEPT:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(json.dumps(snapshot(name), indent=1, ensure_ascii=False) + "\n")
    assert json.loads(path.read_text()) == snapshot(name)


def test_no_snapshot_is_left_of_a_tool_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(BOUND)
