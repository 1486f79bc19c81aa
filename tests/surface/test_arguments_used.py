"""No argument is accepted and then ignored: each is used by its tool, or is a field of what the tool picks its changes and filters from."""

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nextcloud_mcp_server.core.tools import Tool
from nextcloud_mcp_server.server.catalog import Catalog, find_apps

TOOLS = Catalog(find_apps()).tools.values()


def unused(function: Callable[..., Any]) -> set[str]:
    """The parameters that a function neither reads nor hands on with `picked(Fields, locals())`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.AsyncFunctionDef | ast.FunctionDef)
    read = {one.id for line in tree.body for one in ast.walk(line) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
    fields = {field.name for kind in _picked(function, tree) for field in dataclasses.fields(kind)}
    picked = fields | {f"new_{name}" for name in fields}
    return inspect.signature(function).parameters.keys() - read - picked


def _picked(function: Any, tree: ast.AsyncFunctionDef | ast.FunctionDef) -> Iterator[Any]:
    for one in ast.walk(tree):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "picked" and isinstance(one.args[0], ast.Name):
            yield inspect.unwrap(function).__globals__[one.args[0].id]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tool_uses_every_argument_that_it_takes(tool: Tool) -> None:
    assert unused(tool.run) == set()


def test_an_ignored_argument_would_be_noticed() -> None:
    async def ignores(used: int, ignored: int) -> int:
        return used

    assert unused(ignores) == {"ignored"}
