"""A fresh install has what the code imports: the base alone serves, an extra brings what its parts need, Windows has no POSIX modules."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[3]
PRODUCT = ROOT / "nextcloud_mcp_server"
OWNERS = packages_distributions()
EXTRAS = {
    "httpx": {"index/store/qdrant.py"},
    "numpy": {"index/embed/bert.py", "index/embed/local.py", "index/embed/onnx_file.py"},
    "onnxruntime": {"index/embed/local.py"},
    "procrastinate": {"index/queue/shared.py"},
    "psycopg": {"index/store/pgvector.py", "storage/postgres.py", "storage/steps.py"},
    "psycopg_pool": {"storage/postgres.py"},
    "pypdfium2": {"text/pdf.py"},
    "qdrant_client": {"index/store/qdrant.py"},
    "qdrant_edge": {"index/sparse.py", "index/store/edge.py"},
    "tokenizers": {"index/embed/local.py"},
}
"""What only an extra installs, and the only files that may import it."""
POSIX = {"fcntl", "grp", "pwd", "resource", "termios"}
WITH_POSIX = {"index/alone.py", "index/engine/__main__.py", "index/engine/client.py", "text/worker.py"}
"""Loaded for the search index alone; the process that reads files does without."""
BARE = """
import importlib, pkgutil, sys
from importlib.machinery import PathFinder
blocked = set(sys.argv[1].split(","))

class Installed(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in blocked else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Installed
import nextcloud_mcp_server
from nextcloud_mcp_server.server.compose import build
from nextcloud_mcp_server.server.listening import asgi
from nextcloud_mcp_server.settings import read
from nextcloud_mcp_server.storage import new_key

many = {"NEXTCLOUD_MCP_SERVER_URL": "https://mcp.example.test", "TOKEN_ENCRYPTION_KEY": new_key()}
single = {"NEXTCLOUD_USERNAME": "ada", "NEXTCLOUD_PASSWORD": "secret"}
for mode, more in {"single_user": single, "basic": {}, "login_flow": many, "oauth": many}.items():
    always = {"NEXTCLOUD_HOST": "https://cloud.example.test", "MCP_AUTH_MODE": mode, "MCP_DATA_DIR": "/nowhere", "HOME": "/nowhere"}
    asgi(build(read({**always, **more})), "127.0.0.1")
for module in pkgutil.walk_packages(nextcloud_mcp_server.__path__, "nextcloud_mcp_server."):
    try:
        importlib.import_module(module.name) if not module.name.endswith("__main__") else None
    except ModuleNotFoundError as error:
        print(module.name, error.name)
"""


def locked(name: str) -> set[str]:
    lines = (ROOT / "requirements" / f"{name}.txt").read_text()
    return {_canonical(one) for one in re.findall(r"^([\w.-]+)==", lines, re.MULTILINE)}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_by(lock: str) -> set[str]:
    """The top-level modules that come with a lock."""
    wanted = locked(lock)
    return {top for top, owners in OWNERS.items() if any(_canonical(one) in wanted for one in owners)}


def imported() -> Iterator[tuple[str, str]]:
    """Every module from elsewhere that the product imports anywhere, also inside functions, with the file that does."""
    for path in sorted(PRODUCT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for top in {name.partition(".")[0] for name in names} - {PRODUCT.name, "__future__"}:
                yield top, path.relative_to(PRODUCT).as_posix()


def test_the_base_has_every_import_but_those_of_the_extras() -> None:
    base, every = installed_by("base"), installed_by("all")
    found: dict[str, set[str]] = {}
    for top, file in imported():
        if top not in sys.stdlib_module_names and top not in base:
            found.setdefault(top, set()).add(file)
    assert found == EXTRAS
    assert found.keys() <= every


def test_modules_that_windows_lacks_are_imported_for_the_index_alone() -> None:
    assert {file for top, file in imported() if top in POSIX} == WITH_POSIX


def test_with_the_base_alone_every_mode_is_built_and_only_what_needs_an_extra_is_missing() -> None:
    blocked = OWNERS.keys() - installed_by("base") - {PRODUCT.name, "nextcloud_sandbox"}
    assert EXTRAS.keys() <= blocked
    done = subprocess.run(
        [sys.executable, "-c", BARE, ",".join(sorted(blocked))], capture_output=True, text=True, cwd=ROOT, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        module, missing = line.split()
        assert f"{module.removeprefix(f'{PRODUCT.name}.').replace('.', '/')}.py" in EXTRAS[missing]
