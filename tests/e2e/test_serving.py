"""The server as a person starts it."""

import asyncio
import json
import socket

import aiohttp
import httpx2
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from nextcloud_sandbox.server import Running
from tests.e2e.conftest import COMMAND, environment, server

TOKEN = "a-static-token-of-some-length"


async def answer(client: Client, name: str, **arguments: object) -> dict[str, object]:
    result = await client.call_tool(name, dict(arguments))
    content = result.content[0]
    assert isinstance(content, types.TextContent)
    assert not result.is_error, content.text
    return json.loads(content.text)


async def write_and_read(client: Client) -> None:
    made = await answer(client, "nc_notes_create_note", title="From a client", content="hello")
    read = await answer(client, "nc_notes_get_note", note_id=made["id"])
    assert read["content"] == "hello"
    await answer(client, "nc_notes_delete_note", note_id=made["id"])


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_a_client_works_over_stdio(sandbox: Running, era: str) -> None:
    parameters = StdioServerParameters(command=COMMAND, args=["run", "-t", "stdio"], env=environment(sandbox))
    async with Client(stdio_client(parameters), mode=era) as client:
        await write_and_read(client)


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_a_client_works_over_http(sandbox: Running, era: str) -> None:
    async with server(environment(sandbox)) as served, Client(f"{served.url}/mcp", mode=era) as client:
        await write_and_read(client)


async def test_with_a_static_token_nobody_gets_in_without_it(sandbox: Running) -> None:
    async with server(environment(sandbox, MCP_BEARER_TOKEN=TOKEN)) as served, aiohttp.ClientSession() as http:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            async with http.post(f"{served.url}/mcp", json={}, headers=headers) as refused:
                assert refused.status == 401
                assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as authorised:
            async with Client(streamable_http_client(f"{served.url}/mcp", http_client=authorised)) as client:
                await write_and_read(client)
    assert TOKEN not in "".join(served.log)


async def test_a_wider_address_without_a_token_stops_the_start(sandbox: Running) -> None:
    process = await asyncio.create_subprocess_exec(
        COMMAND, "--host", "0.0.0.0", "--port", "0", env=environment(sandbox), stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert b"MCP_BEARER_TOKEN" in said


async def test_foreign_hosts_and_web_pages_are_refused_and_cors_is_closed(sandbox: Running) -> None:
    async with server(environment(sandbox)) as served, aiohttp.ClientSession() as http:
        for path in ("/mcp", "/health/live"):
            async with http.get(served.url + path, headers={"Host": "evil.test"}) as refused:
                assert refused.status == 421
            async with http.get(served.url + path, headers={"Origin": "https://evil.test"}) as refused:
                assert refused.status == 403
        async with http.get(f"{served.url}/health/live", headers={"Origin": served.url}) as allowed:
            assert allowed.status == 200
            assert "Access-Control-Allow-Origin" not in allowed.headers


async def test_health_tells_what_works_without_gating_on_nextcloud(sandbox: Running) -> None:
    async with server(environment(sandbox)) as served, aiohttp.ClientSession() as http:
        async with http.get(f"{served.url}/health/live") as live:
            assert (await live.json()) == {"status": "alive", "mode": "single_user"}
        async with http.get(f"{served.url}/health/ready") as ready:
            assert (await ready.json()) == {"status": "ready", "checks": {"identity": "ok", "nextcloud": "ok"}}


async def test_it_starts_while_nextcloud_is_down_and_lists_every_enabled_tool(sandbox: Running) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = environment(sandbox, NEXTCLOUD_HOST=f"http://127.0.0.1:{unused.getsockname()[1]}")
        async with server(gone) as served, aiohttp.ClientSession() as http:
            async with http.get(f"{served.url}/health/ready") as ready:
                assert "cannot be reached" in (await ready.json())["checks"]["nextcloud"]
            async with Client(f"{served.url}/mcp") as client:
                assert "nc_notes_get_note" in {tool.name for tool in (await client.list_tools()).tools}
                result = await client.call_tool("nc_notes_get_note", {"note_id": 1})
                assert result.is_error


async def test_a_header_narrows_what_one_request_sees(sandbox: Running) -> None:
    async with server(environment(sandbox)) as served:
        async with httpx2.AsyncClient(headers={"X-MCP-Toolsets": "notes", "X-MCP-Readonly": "true"}) as narrow:
            async with Client(streamable_http_client(f"{served.url}/mcp", http_client=narrow)) as client:
                names = {tool.name for tool in (await client.list_tools()).tools}
                assert names == {"nc_notes_search_notes", "nc_notes_get_note", "nc_notes_get_attachment"}
                refused = await client.call_tool("nc_notes_create_note", {"title": "x"})
                assert refused.is_error


async def test_sigterm_ends_it_cleanly_with_a_client_connected(sandbox: Running) -> None:
    async with server(environment(sandbox)) as served, Client(f"{served.url}/mcp") as client:
        await client.list_tools()
        assert await served.stop() == 0
    assert not any("Traceback" in line for line in served.log)


async def test_no_secret_is_logged_at_the_finest_level(sandbox: Running) -> None:
    env = environment(sandbox, LOG_LEVEL="trace", MCP_BEARER_TOKEN=TOKEN)
    async with server(env) as served, httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as http:
        async with Client(streamable_http_client(f"{served.url}/mcp", http_client=http)) as client:
            await write_and_read(client)
    log = "".join(served.log)
    assert "nc_notes_create_note done" in log
    assert TOKEN not in log
    assert "YWxpY2U6YWxpY2U=" not in log
    assert "hello" not in log
