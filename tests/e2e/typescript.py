"""The TypeScript SDK's OAuth client in a process, with a person's browser on this side."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import NOTES
from tests.e2e.leaks import Watch
from tests.e2e.modes import CALLBACK, Browser

HERE = Path(__file__).parent.parent / "clients" / "typescript"


async def typescript_sign_in(url: str, browser: Browser, watch: Watch) -> dict[str, Any]:
    """What the client got after the person signed in: `tools`, `who`, `again`, `renewed`."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules").is_dir():
        NOTES.append("skipped: the TypeScript client (needs node and `npm ci` in tests/clients/typescript, which `make test` does)")
        pytest.skip("the TypeScript client is not installed")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(node, "oauth.mjs", url, cwd=HERE, stdin=pipe, stdout=pipe, stderr=pipe, limit=1 << 22)
    assert process.stdout
    assert process.stdin
    assert process.stderr
    asked = await asyncio.wait_for(process.stdout.readline(), 30)
    assert asked, (await process.stderr.read()).decode()
    answered = await browser(json.loads(asked)["open"])
    watch.secret("the code", answered["code"])
    process.stdin.write(f"{CALLBACK}?{urlencode(answered)}\n".encode())
    out, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, said.decode()
    got = json.loads(out)
    for tokens in got["tokens"]:
        watch.tokens(tokens)
    watch.secret("the verifier", got["verifier"])
    return got
