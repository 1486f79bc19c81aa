"""Files, functions, comments and broad excepts stay within the sizes that `docs/architecture.md` names."""

import ast
import statistics
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("nextcloud_mcp_server", "nextcloud_sandbox")
FILE_LINES, FUNCTION_LINES = 400, 60
CODE_LINES_PER_TOOL = 25
BROAD = {
    "nextcloud_mcp_server/server/binding.py",
    "nextcloud_mcp_server/index/engine/service.py",
    "nextcloud_mcp_server/index/users.py",
    "nextcloud_mcp_server/index/scanner.py",
    "nextcloud_mcp_server/index/processor.py",
    "nextcloud_mcp_server/server/indexing/indexing.py",
    "nextcloud_mcp_server/storage/events.py",
}
"""The wrapper around tools and the supervisors of background tasks."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def code_lines(path: Path) -> set[int]:
    """Lines that are neither blank, comment nor docstring."""
    kept: set[int] = set()
    with tokenize.open(path) as file:
        tokens = list(tokenize.generate_tokens(file.readline))
    docstrings = {line for start, end in _docstrings(ast.parse(path.read_text())) for line in range(start, end + 1)}
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    for token in tokens:
        if token.type not in skipped:
            kept.update(range(token.start[0], token.end[0] + 1))
    return kept - docstrings


def _docstrings(tree: ast.AST) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            for one in body:
                if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str):
                    yield one.lineno, one.end_lineno or one.lineno


def comment_lines(path: Path) -> int:
    with tokenize.open(path) as file:
        return sum(token.type == tokenize.COMMENT for token in tokenize.generate_tokens(file.readline))


def body_lines(function: Function) -> int:
    """Lines of a function without its docstring."""
    first = function.body[1] if len(function.body) > 1 and ast.get_docstring(function) else function.body[0]
    return (function.end_lineno or first.lineno) - first.lineno + 1 + (first.lineno - function.lineno if first is function.body[0] else 1)


def problems() -> Iterator[str]:
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text()
        if text.count("\n") > FILE_LINES:
            yield f"{name} has {text.count(chr(10))} lines, more than {FILE_LINES}"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, Function) and body_lines(node) > FUNCTION_LINES:
                yield f"{name}:{node.lineno} {node.name} has {body_lines(node)} lines, more than {FUNCTION_LINES}"
            if isinstance(node, ast.ExceptHandler) and _broad(node) and name not in BROAD:
                yield f"{name}:{node.lineno} catches everything: only {', '.join(sorted(BROAD))} may"


def _broad(handler: ast.ExceptHandler) -> bool:
    """A handler that ends in a bare `raise` only cleans up."""
    catches_all = handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException"))
    last = handler.body[-1]
    return catches_all and not (isinstance(last, ast.Raise) and last.exc is None)


def figures() -> Iterator[str]:
    paths = sources()
    functions = [node for path in paths for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Function)]
    lines = {path: len(code_lines(path)) for path in paths}
    tests = sum(len(code_lines(path)) for path in (ROOT / "tests").rglob("*.py"))
    total = sum(lines.values())
    comments = sum(comment_lines(path) for path in paths)
    length, body = statistics.median(p.read_text().count("\n") for p in paths), statistics.median(map(body_lines, functions))
    yield f"= {len(paths)} files, {total} code lines; lines a file: median {length:.0f}"
    yield f"= functions: {len(functions)}, median {body:.0f} lines; comments {comments / total:.1%} of code lines"
    yield f"= tests : code {tests / total:.2f}"
    yield from tool_figures(lines)


def tool_figures(lines: dict[Path, int]) -> Iterator[str]:
    """Code lines a tool: client, models and tools together, app by app."""
    from nextcloud_mcp_server.server.catalog import find_apps

    apps = {name: app for name, app in find_apps().items() if app.tools.tools}
    sums = {
        name: sum(count for path, count in lines.items() if f"apps/{name}/" in path.as_posix() and path.name != "source.py")
        for name in apps
    }
    each = ", ".join(f"{name} {sums[name] / len(app.tools.tools):.0f}" for name, app in apps.items())
    tools = sum(len(app.tools.tools) for app in apps.values())
    yield f"= code lines a tool: {sum(sums.values()) / tools:.1f} over {tools} tools (goal {CODE_LINES_PER_TOOL}): {each}"


def main() -> int:
    found = list(problems())
    for line in found:
        print(line)
    for line in figures():
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
