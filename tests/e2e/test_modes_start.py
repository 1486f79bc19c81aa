"""A start that never can succeed ends, with the reason."""

import asyncio
from pathlib import Path

from nextcloud_mcp_server.storage import new_key
from nextcloud_sandbox.server import Running
from tests.e2e.conftest import COMMAND
from tests.e2e.leaks import Watch
from tests.e2e.modes import Home, without_account


async def ends(env: dict[str, str]) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(COMMAND, "run", "--port", "0", env=env, stderr=asyncio.subprocess.PIPE)
    try:
        _, said = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, said.decode()


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
