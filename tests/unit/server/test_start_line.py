"""What an administrator is told at the start: one line of what this server is, and what is wrong with it."""

import asyncio
import logging

import pytest

from nextcloud_mcp_server.server.compose import build
from nextcloud_mcp_server.settings import read
from nextcloud_sandbox.server import running


async def told(environment: dict[str, str], caplog: pytest.LogCaptureFixture, *, until: str) -> str:
    """The log of a start, as soon as it says `until`."""
    caplog.set_level(logging.INFO)
    product = build(read({"ENABLE_SEMANTIC_SEARCH": "false", **environment}))
    async with product.running():
        async with asyncio.timeout(10):
            while until not in caplog.text:
                await asyncio.sleep(0.01)
    return caplog.text


async def test_one_line_tells_mode_host_and_as_whom_the_server_acts(caplog: pytest.LogCaptureFixture) -> None:
    async with running(seed=False) as sandbox:
        account = {"NEXTCLOUD_HOST": sandbox.url, "NEXTCLOUD_USERNAME": "alice", "NEXTCLOUD_PASSWORD": "alice"}
        said = await told(account, caplog, until="acts")
        assert f"mode single_user, Nextcloud {sandbox.url}, acts as alice by NEXTCLOUD_PASSWORD" in said
        caplog.clear()
        said = await told({"NEXTCLOUD_HOST": sandbox.url, "ENABLE_MULTI_USER_BASIC_AUTH": "true"}, caplog, until="acts")
        assert "acts as each caller by the login name and app password of the request" in said


async def test_a_password_that_opens_no_account_is_named_at_once(caplog: pytest.LogCaptureFixture) -> None:
    async with running(seed=False) as sandbox:
        account = {"NEXTCLOUD_HOST": sandbox.url, "NEXTCLOUD_USERNAME": "alice", "NEXTCLOUD_PASSWORD": "not-the-password"}
        said = await told(account, caplog, until="do not open an account")
        assert "NEXTCLOUD_PASSWORD" in said
        assert "not-the-password" not in said


async def test_a_nextcloud_that_is_down_is_named_and_the_server_starts(caplog: pytest.LogCaptureFixture) -> None:
    account = {"NEXTCLOUD_HOST": "http://127.0.0.1:9", "NEXTCLOUD_USERNAME": "alice", "NEXTCLOUD_PASSWORD": "alice"}
    assert "http://127.0.0.1:9 cannot be reached" in await told(account, caplog, until="Calls will fail until it answers")
