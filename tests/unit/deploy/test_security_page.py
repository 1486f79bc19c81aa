"""The threat model names tests; they exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
WAYS = PAGE.partition("## Ways in")[2].partition("\n## ")[0]


def test_every_way_in_names_the_test_that_guards_it() -> None:
    rows = [row for row in WAYS.splitlines() if row.startswith("| ")][1:]
    assert len(rows) >= 30
    assert [row for row in rows if "`tests/" not in row] == []


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_named_test_exists(file: str, name: str) -> None:
    tree = ast.walk(ast.parse((ROOT / file).read_text()))
    functions = (node for node in tree if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    assert name in {function.name for function in functions}
