"""The `database` fixture: every test that asks for it runs on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nextcloud_mcp_server.storage import Database, open_database


@pytest.fixture(params=["sqlite", "pg"])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address of an empty database of either engine."""
    return str(tmp_path / "state" / "tokens.db") if request.param == "sqlite" else request.getfixturevalue("postgres_address")


@pytest.fixture
async def database(database_address: str) -> AsyncIterator[Database]:
    """An open, migrated, empty database."""
    opened = open_database(database_address)
    await opened.open()
    yield opened
    await opened.close()
