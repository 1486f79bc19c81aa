"""Starting as the pages say, and starts that never can succeed: they end, with the reason."""

import asyncio
import json
from pathlib import Path

from nextcloud_mcp_server.storage import new_key
from nextcloud_sandbox.server import Running
from tests.e2e.conftest import COMMAND, server
from tests.e2e.leaks import Watch
from tests.e2e.modes import Home, without_account
from tests.providers.cache import PROJECT


async def ends(env: dict[str, str]) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(COMMAND, "run", "--port", "0", env=env, stderr=asyncio.subprocess.PIPE)
    try:
        _, said = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, said.decode()


async def test_the_first_try_of_the_page_about_basic_lists_tools(sandbox: Running) -> None:
    page = (PROJECT / "docs" / "howto" / "mode-basic.md").read_text()
    command = page[page.index("curl -u") : page.index("docker compose")]
    async with server(without_account(sandbox.url, ENABLE_MULTI_USER_BASIC_AUTH="true")) as served:
        command = command.replace("APP-PASSWORD", "alice").replace("http://127.0.0.1:8000", served.url)
        process = await asyncio.create_subprocess_shell(f"curl -sS {command.removeprefix('curl')}", stdout=asyncio.subprocess.PIPE)
        told, _ = await asyncio.wait_for(process.communicate(), 30)
    assert "nc_notes_create_note" in {tool["name"] for tool in json.loads(told)["result"]["tools"]}


async def test_a_key_that_does_not_open_what_is_stored_stops_the_start(tmp_path: Path, sandbox: Running, watch: Watch) -> None:
    home = Home(tmp_path, watch, sandbox.url, {"ENABLE_LOGIN_FLOW": "true"})
    async with home.running():
        pass
    other = {"TOKEN_STORAGE_DB": str(tmp_path / "tokens.db"), "TOKEN_ENCRYPTION_KEY": watch.secret("another key", new_key())}
    code, said = await ends(without_account(sandbox.url, NEXTCLOUD_MCP_SERVER_URL=home.url, ENABLE_LOGIN_FLOW="true", **other))
    watch.said.append(("the failed start", [said]))
    assert code == 1
    assert "TOKEN_ENCRYPTION_KEY does not open the stored secrets" in said.splitlines()[-1]


async def test_a_mode_with_many_people_names_the_missing_address(sandbox: Running) -> None:
    code, said = await ends(without_account(sandbox.url, ENABLE_LOGIN_FLOW="true", TOKEN_ENCRYPTION_KEY=new_key()))
    assert code == 1
    assert "NEXTCLOUD_MCP_SERVER_URL is missing" in said
