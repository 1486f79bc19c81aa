"""What the spine costs over the bare SDK and over bare HTTP: latency, parallel calls, start, memory."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from benchmarks.backend import PATH
from benchmarks.processes import COMMAND, RUNNING, basics, process
from benchmarks.rows import Row, Times, compared, interleaved

CALLS = 400
STARTS = 7


def environment(backend: str) -> dict[str, str]:
    more = {"NEXTCLOUD_MAX_CONCURRENCY": "32", "LOG_LEVEL": "warning", "ENABLE_SEMANTIC_SEARCH": "false"}
    return {**basics(), "NEXTCLOUD_HOST": backend, "NEXTCLOUD_USERNAME": "ada", "NEXTCLOUD_PASSWORD": "ada", **more}


def backend(milliseconds: float) -> AbstractAsyncContextManager[tuple[str, int]]:
    return process(sys.executable, "-m", "benchmarks.backend", str(milliseconds))


def ours(url: str) -> AbstractAsyncContextManager[tuple[str, int]]:
    env = {**environment(url), "LOG_LEVEL": "info"}
    return process(COMMAND, "run", "--port", "0", env=env, port_in=RUNNING, stream="stderr")


def bare(url: str) -> AbstractAsyncContextManager[tuple[str, int]]:
    return process(sys.executable, "-m", "benchmarks.bare", "http", url, port_in=RUNNING, stream="stderr")


def stdio_ours(url: str) -> StdioServerParameters:
    return StdioServerParameters(command=COMMAND, args=["run", "-t", "stdio"], env=environment(url))


def stdio_bare(url: str) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable, args=["-m", "benchmarks.bare", "stdio", url], cwd=str(Path(__file__).parent.parent)
    )


@dataclass
class RawClient:
    """One MCP call as one HTTP request, without an MCP client's own work: protocol 2026-07-28 needs no handshake."""

    http: aiohttp.ClientSession
    url: str

    async def call(self, name: str) -> None:
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params = {"name": name, "arguments": {"note_id": 7}, "_meta": meta}
        headers = {
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": "tools/call",
            "Mcp-Name": name,
        }
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        async with self.http.post(f"{self.url}/mcp", json=body, headers=headers) as response:
            answer = await response.json()
            if "error" in answer or answer["result"].get("isError"):
                raise RuntimeError(str(answer))


async def rows() -> list[Row]:
    return [*await over_http(), *await over_stdio(), *await over_a_slow_server(), *await starting(), *await idle()]


async def over_http() -> list[Row]:
    async with AsyncExitStack() as stack:
        url, _ = await stack.enter_async_context(backend(0))
        mine = await stack.enter_async_context(Client((await stack.enter_async_context(ours(url)))[0] + "/mcp"))
        floor = await stack.enter_async_context(Client((await stack.enter_async_context(bare(url)))[0] + "/mcp"))
        called, base = await interleaved(
            CALLS, lambda: mine.call_tool("nc_notes_get_note", {"note_id": 7}), lambda: floor.call_tool("read_note", {"note_id": 7})
        )
        (listed,) = await interleaved(CALLS // 4, mine.list_tools)
    return [
        compared("read tool over HTTP, over a bare SDK server", called, base, 1.15),
        Row("`tools/list` over HTTP, client's parsing included", str(listed)),
    ]


async def over_stdio() -> list[Row]:
    async with AsyncExitStack() as stack:
        url, _ = await stack.enter_async_context(backend(0))
        mine = await stack.enter_async_context(Client(stdio_client(stdio_ours(url))))
        floor = await stack.enter_async_context(Client(stdio_client(stdio_bare(url))))
        called, base = await interleaved(
            CALLS, lambda: mine.call_tool("nc_notes_get_note", {"note_id": 7}), lambda: floor.call_tool("read_note", {"note_id": 7})
        )
    return [compared("read tool over stdio, over a bare SDK server", called, base, 1.15)]


async def over_a_slow_server() -> list[Row]:
    async with AsyncExitStack() as stack:
        url, _ = await stack.enter_async_context(backend(50))
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)))
        mine = RawClient(http, (await stack.enter_async_context(ours(url)))[0])
        sdk = RawClient(http, (await stack.enter_async_context(bare(url)))[0])

        async def request() -> None:
            async with http.get(url + PATH) as response:
                await response.read()

        async def tool() -> None:
            await mine.call("nc_notes_get_note")

        async def bare_tool() -> None:
            await sdk.call("read_note")

        one, one_floor = await interleaved(60, tool, request)
        many, sdk_floor, many_floor = await interleaved(30, at_once(tool), at_once(bare_tool), at_once(request))
    return [
        compared("read tool over HTTP, over a bare request to a server that takes 50 ms", one, one_floor, 1.15),
        compared("32 read tools at once, over 32 bare requests at once to a server that takes 50 ms", many, many_floor, 1.2),
        compared("32 read tools at once, over 32 at once through a bare SDK server", many, sdk_floor, 1.2),
    ]


def at_once(run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[object]]:
    async def together() -> None:
        await asyncio.gather(*(run() for _ in range(32)))

    return together


async def starting() -> list[Row]:
    """Process start to the answer of `tools/list` over stdio, each in turn."""
    async with backend(0) as (url, _):

        async def start(parameters: StdioServerParameters) -> float:
            began = time.perf_counter()
            async with Client(stdio_client(parameters)) as client:
                await client.list_tools()
                return time.perf_counter() - began

        mine, floor = [], []
        for _ in range(STARTS):
            mine.append(await start(stdio_ours(url)))
            floor.append(await start(stdio_bare(url)))
    seconds, base = Times(mine), Times(floor)
    ratio = seconds.p50 / base.p50
    return [
        Row(
            "start to first answer over stdio",
            f"{seconds.p50:.2f} s",
            f"{base.p50:.2f} s",
            f"{ratio:.2f}",
            "<= 1.5 s and <= 1.4",
            seconds.p50 <= 1.5 and ratio <= 1.4,
        )
    ]


async def idle() -> list[Row]:
    async with backend(0) as (url, _), ours(url) as (address, pid):
        async with Client(f"{address}/mcp") as client:
            await client.list_tools()
            await client.call_tool("nc_notes_get_note", {"note_id": 7})
        megabytes = psutil.Process(pid).memory_info().rss / 1e6
    return [
        Row("memory of the idle server after a call, search off (RSS)", f"{megabytes:.0f} MB", target="<= 110 MB", met=megabytes <= 110)
    ]
