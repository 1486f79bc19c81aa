"""The TypeScript SDK's client in a process, with a person's browser on this side."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOTES
from tests.e2e.leaks import Watch
from tests.e2e.modes import Browser, Refused

HERE = Path(__file__).parent.parent / "clients" / "typescript"


class TypescriptDesk:
    """A `Desk` made of the TypeScript SDK. Where a person is needed it asks, as an application does, and tries again."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, browser: Browser, watch: Watch, document: str | None) -> None:
        self._process, self._url, self._watch, self._document = process, url, watch, document
        self.browser = browser
        self.opened = list[str]()

    async def know(self, client_id: str) -> None:
        await self._do("know", client_id=client_id)

    async def connect(self) -> None:
        """Signs in, where that is needed."""
        await self._do("connect", url=self._url, documentUrl=self._document)

    async def again(self) -> None:
        """A new connection with what was kept."""
        await self.connect()

    async def names(self) -> set[str]:
        return set(await self._do("list"))

    async def called(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return await self._do("call", tool=tool, arguments=arguments)

    async def expire(self) -> None:
        """The access token is not good any more."""
        await self._watched()
        await self._do("expire")

    async def forget_tokens(self) -> None:
        await self._do("forget")

    async def kept(self) -> dict[str, Any]:
        """`client`, `tokens`."""
        return await self._do("kept")

    async def end(self) -> None:
        await self._watched()
        await self._do("close")

    async def _do(self, command: str, **given: Any) -> Any:
        """Raises Refused with the SDK's words."""
        got = await self._ask(command, given)
        if address := got.get("open"):
            self.opened.append(address)
            answered = await self.browser(address)
            if "error" in answered:
                raise Refused(answered["error"])
            self._watch.secret("the code", answered["code"])
            finished = await self._ask("finish", {"code": answered["code"]})
            got = finished if "error" in finished else await self._ask(command, given)
        if "error" in got:
            raise Refused(got["error"])
        return got["value"]

    async def _ask(self, command: str, given: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._process.stdin.write(json.dumps({"do": command, **given}).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 60)
        assert line, (await self._process.stderr.read()).decode()
        return json.loads(line)

    async def _watched(self) -> None:
        kept = await self.kept()
        if "tokens" in kept:
            self._watch.tokens(kept["tokens"])
        if "verifier" in kept:
            self._watch.secret("the verifier", kept["verifier"])


@asynccontextmanager
async def typescript_desk(url: str, browser: Browser, watch: Watch, document: str | None = None) -> AsyncGenerator[TypescriptDesk]:
    """Its process. Skips where the client is not installed."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules").is_dir():
        NOTES.append("skipped: the TypeScript client (needs node and `npm ci` in tests/clients/typescript, which `make test` does)")
        pytest.skip("the TypeScript client is not installed")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(node, "oauth.mjs", cwd=HERE, stdin=pipe, stdout=pipe, stderr=pipe, limit=1 << 22)
    desk = TypescriptDesk(process, url, browser, watch, document)
    try:
        yield desk
        await desk.end()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
