"""A server with search on a sandbox, with a model of a few words, and its commands."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nextcloud_sandbox.server import Running
from tests.e2e.conftest import COMMAND, environment
from tests.unit.index.tiny_model import make_model


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


def search_on(sandbox: Running, folder: Path, user: str = "alice", **more: str) -> dict[str, str]:
    """The environment of a server that keeps everything in `folder`; no scan but the first comes by itself."""
    kept = {"MCP_DATA_DIR": str(folder), "EMBEDDING_MODEL_DIR": str(make_model(folder / "model")), "XDG_CACHE_HOME": str(folder / "cache")}
    return environment(sandbox, user, **{"ENABLE_SEMANTIC_SEARCH": "true", "VECTOR_SYNC_SCAN_INTERVAL": "3600", **kept, **more})


async def command(env: dict[str, str], *arguments: str) -> Done:
    """Runs the command line to its end."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return Done(process.returncode or 0, out.decode(), err.decode())
