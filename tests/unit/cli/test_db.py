"""`keygen` and `db` as an administrator types them, on both engines."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet

from nextcloud_mcp_server.cli import main
from nextcloud_mcp_server.storage import Audit, Database, Vault, new_key, open_database
from nextcloud_mcp_server.storage.migrate import migrations

Run = Callable[..., Result]
NAMES = ("TOKEN_ENCRYPTION_KEY", "DATABASE_URL", "TOKEN_STORAGE_DB", "MCP_DATA_DIR")


@pytest.fixture
def run(database_address: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command of `db` on the database of this test."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    option = "-u" if "://" in database_address else "-d"

    def command(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(main, ["db", *arguments, option, database_address], env=environment)

    return command


def fill(address: str, key: str, *times: float) -> None:
    """Two people with a secret each, and an audit entry of alice at each of `times`."""

    async def work(database: Database) -> None:
        audit = Audit(database)
        vault = Vault(database, audit, [key])
        await database.open()
        await vault.check()
        for user in ("alice", "bob"):
            await vault.put("app-password", user, {"password": f"secret-of-{user}"}, user=user)
        for number, at in enumerate(times):
            await Audit(database, clock=lambda at=at: at).note(f"event-{number}", "alice", host="laptop")
        await database.close()

    asyncio.run(work(open_database(address)))


def opened(address: str, keys: list[str], user: str) -> dict[str, str]:
    async def work(database: Database) -> dict[str, str]:
        await database.open()
        try:
            secret = await Vault(database, Audit(database), keys).get("app-password", user)
            return dict(secret.value) if secret else {}
        finally:
            await database.close()

    return asyncio.run(work(open_database(address)))


def test_keygen_prints_a_fresh_key_that_works() -> None:
    first, second = (CliRunner().invoke(main, ["keygen"]).output.strip() for _ in range(2))
    assert first != second
    assert Fernet(first).decrypt(Fernet(first).encrypt(b"text")) == b"text"


def test_an_empty_database_is_named_so_and_looking_makes_nothing(run: Run, database_address: str) -> None:
    assert run("current").output.startswith("empty")
    assert run("history").output.count("not applied") == len(migrations("sqlite"))
    assert not Path(database_address).exists()


def test_upgrade_applies_every_step_once(run: Run) -> None:
    newest = f"{migrations('sqlite')[-1].version:03}"
    first = run("upgrade")
    assert first.exit_code == 0
    assert "001" in first.output
    assert newest in first.output
    assert run("upgrade").output == f"Nothing to do: it is at {newest}.\n"
    assert run("current").output == f"{newest} (the newest)\n"
    lines = run("history").output.splitlines()
    assert [line[:3] for line in lines] == sorted((line[:3] for line in lines), reverse=True)
    assert "not applied" not in "".join(lines)


def test_downgrade_changes_nothing_and_says_what_to_do(run: Run) -> None:
    run("upgrade")
    before = run("history").output
    refused = run("downgrade", "-r", "-1", "--yes")
    assert refused.exit_code == 1
    assert "restore the backup" in refused.output
    assert run("history").output == before


def test_a_rotated_key_opens_everything_and_the_old_one_nothing(run: Run, database_address: str) -> None:
    old, new = new_key(), new_key()
    fill(database_address, old)
    done = run("rotate-key", TOKEN_ENCRYPTION_KEY=f"{new},{old}")
    assert done.exit_code == 0
    assert done.output.startswith("2 secrets")
    for user in ("alice", "bob"):
        assert opened(database_address, [new], user) == {"password": f"secret-of-{user}"}
    refused = run("rotate-key", TOKEN_ENCRYPTION_KEY=old)
    assert refused.exit_code == 1
    assert "does not open the stored secrets" in refused.output
    assert opened(database_address, [new], "alice") == {"password": "secret-of-alice"}


def test_a_secret_that_no_key_opens_is_named_and_the_others_are_rotated(run: Run, database_address: str) -> None:
    old, new = new_key(), new_key()
    fill(database_address, old)

    async def spoil(database: Database) -> None:
        await database.open()
        await database.run("update secret set value = ? where key = ?", b"junk", "bob")
        await database.close()

    asyncio.run(spoil(open_database(database_address)))
    done = run("rotate-key", TOKEN_ENCRYPTION_KEY=f"{new},{old}")
    assert done.exit_code == 2
    assert "No key opens app-password bob" in done.output
    assert "secret-of" not in done.output
    assert opened(database_address, [new], "alice") == {"password": "secret-of-alice"}


@pytest.mark.parametrize("key", ["", "short"])
def test_a_missing_or_malformed_key_stops_the_rotation_and_names_keygen(run: Run, database_address: str, key: str) -> None:
    fill(database_address, new_key())
    refused = run("rotate-key", TOKEN_ENCRYPTION_KEY=key)
    assert refused.exit_code == 1
    assert "nextcloud-mcp-server keygen" in refused.output


def test_the_audit_is_read_newest_first_by_person_age_and_number(run: Run, database_address: str) -> None:
    now = time.time()
    fill(database_address, new_key(), now - 10 * 86_400, now - 3600)
    events = [line.split()[1] for line in run("audit", "--user", "alice").output.splitlines()]
    assert events == ["event-1", "event-0", "secret.stored"]
    assert {line.split()[2] for line in run("audit").output.splitlines()} == {"alice", "bob"}
    recent = run("audit", "--user", "alice", "--since", "7d").output
    assert "event-1" in recent
    assert "event-0" not in recent
    assert len(run("audit", "--limit", "2").output.splitlines()) == 2
    assert run("audit", "--since", "2999-01-01").output == ""
    assert "secret-of" not in run("audit").output


@pytest.mark.parametrize("text", ["yesterday", "7y", "99999999d", ""])
def test_a_time_that_is_none_is_refused(run: Run, text: str) -> None:
    refused = run("audit", "--since", text)
    assert (refused.exit_code, refused.exception.__class__) == ((0, type(None)) if not text else (2, SystemExit))


def test_the_address_wins_over_the_path_and_both_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    by_url, by_path, by_name = (tmp_path / name for name in ("url.db", "path.db", "name.db"))
    environment = {"DATABASE_URL": f"sqlite:///{by_name}", "TOKEN_STORAGE_DB": str(by_name)}
    CliRunner().invoke(main, ["db", "upgrade", "-u", f"sqlite:///{by_url}", "-d", str(by_path)], env=environment)
    assert [path.exists() for path in (by_url, by_path, by_name)] == [True, False, False]
    CliRunner().invoke(main, ["db", "upgrade", "-d", str(by_path)], env=environment)
    assert [path.exists() for path in (by_path, by_name)] == [True, False]
    CliRunner().invoke(main, ["db", "upgrade"], env=environment)
    assert by_name.exists()
    assert by_name.stat().st_mode & 0o777 == 0o600


def test_an_unreachable_database_is_an_error_without_its_password() -> None:
    refused = CliRunner().invoke(main, ["db", "current", "-u", "postgresql://me:hidden-word@127.0.0.1:9/none"])
    assert refused.exit_code == 1
    assert "hidden-word" not in refused.output
    assert CliRunner().invoke(main, ["db", "current", "-u", "mysql://x"]).exit_code == 1


def test_help_and_keygen_load_neither_server_nor_database() -> None:
    code = """
import sys
from click.testing import CliRunner
from nextcloud_mcp_server.cli import main
assert CliRunner().invoke(main, ["db", "--help"]).exit_code == 0
print([name for name in ("mcp", "pydantic", "aiosqlite", "psycopg", "starlette", "aiohttp") if name in sys.modules])
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
