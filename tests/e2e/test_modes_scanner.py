"""The scanners for secrets find them where they are; without that their silence would say nothing."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nextcloud_sandbox.server import Running
from tests.e2e.leaks import Watch
from tests.e2e.modes import Home, Memory, at_nextcloud, connected, names, sign_in
from tests.providers.cache import PROJECT

TOKEN = "a-secret-token-of-some-length"


def test_a_secret_in_a_log_is_found() -> None:
    one = Watch()
    one.tokens({"access_token": TOKEN})
    one.said.append(("the log", ["INFO nothing\n", f"DEBUG sent {TOKEN}\n"]))
    assert one.found() == ["access_token is in the log"]


@pytest.mark.parametrize("value", [TOKEN, TOKEN.encode(), f"before {TOKEN} after"])
def test_a_secret_in_a_row_is_found(tmp_path: Path, value: str | bytes) -> None:
    one = Watch(databases=[tmp_path / "x.db"])
    one.secret("the token", TOKEN)
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("create table audit (event text, detail)")
        connection.execute("insert into audit values ('used', ?)", (value,))
    assert one.found() == ["the token is in x.db: audit"]


def test_a_basic_header_is_found_encoded_and_not() -> None:
    one = Watch()
    header = one.basic("alice", TOKEN)
    one.said += [("a", [header]), ("b", [TOKEN]), ("c", ["alice"])]
    assert one.found() == ["the header of alice is in a", "the password of alice is in b"]


def test_a_text_that_would_be_found_by_chance_is_no_secret() -> None:
    with pytest.raises(AssertionError):
        Watch().secret("a short one", "alice")


PLANTED = """
import logging, subprocess, sys
import pytest
from anyio import run_process
from nextcloud_mcp_server.nextcloud.transport import Address, Transport
from nextcloud_mcp_server.storage import Audit, Vault, new_key
from nextcloud_sandbox.core import Sandbox
from tests.providers.databases import database, database_address
from tests.providers.postgres import postgres_address, postgres_server
from tests.support.whole_run import watching

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"

@pytest.fixture(scope="module", autouse=True)
def whole_run():
    with watching() as run:
        yield run

async def test_leaks(database, sort):
    audit = Audit(database)
    secret = "".join(["planted", "-in-", sort, "-of-", database.dialect])
    await Vault(database, audit, [new_key()]).put("app-password", "alice", {"login": "alice", "password": secret})
    if sort == "log":
        logging.getLogger("nextcloud_mcp_server.x").debug("sent %s", secret)
    elif sort == "traceback":
        try:
            raise ValueError(secret)
        except ValueError:
            logging.getLogger("nextcloud_mcp_server.x").exception("failed")
    elif sort == "rows":
        await audit.note(secret, "alice")
    elif sort == "url":
        transport = Transport(Address("http://127.0.0.1:9", "http://127.0.0.1:9"), "test")
        with pytest.raises(Exception):
            await transport.send(None, "GET", f"/x?password={secret}", what="it")
        await transport.aclose()
    elif sort == "stderr":
        await run_process([sys.executable, "-c", f"import sys; print({secret!r}, file=sys.stderr)"])

def pytest_generate_tests(metafunc):
    metafunc.parametrize("sort", ["log", "traceback", "rows", "url", "stderr", "nothing-at-all"])
"""


def test_at_the_end_of_a_run_a_secret_is_found_wherever_it_was_planted(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED)
    options = ["-q", "-p", "no:cacheprovider", "-c", str(PROJECT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    told = {line for line in done.stdout.splitlines() if line.startswith("password of the vault's app-password is in ")}
    assert {line.partition(" is in ")[2] for line in told} == {
        "the log of nextcloud_mcp_server.x",
        "SQLite: audit",
        "PostgreSQL: audit",
        "an address of Nextcloud",
        "what a process wrote",
    }
    assert "12 passed, 1 error" in done.stdout


async def test_what_a_dying_server_writes_holds_no_secret(tmp_path: Path, sandbox: Running, watch: Watch) -> None:
    home = Home(tmp_path, watch, sandbox.url, {"ENABLE_LOGIN_FLOW": "true", "PYTHONFAULTHANDLER": "1"})
    memory = Memory(watch)
    async with home.running() as served:
        auth = sign_in(home.mcp, memory, at_nextcloud(sandbox, "alice", watch=watch))
        async with connected(home.mcp, auth) as client:
            assert await names(client)
        assert memory.tokens
        served.process.send_signal(signal.SIGABRT)
        await asyncio.wait_for(served.process.wait(), 20)
    assert any("Fatal Python error: Aborted" in line for line in served.log)
