"""From an address to a database."""

from pathlib import Path
from urllib.parse import unquote

from nextcloud_mcp_server.storage.database import Database
from nextcloud_mcp_server.storage.errors import StorageError
from nextcloud_mcp_server.storage.sqlite import SQLite


def open_database(address: str, *, pool_size: int = 10) -> Database:
    """The database of an address, not yet connected: call `open()`.

    `address` is `postgresql://…` (`postgresql+psycopg://…` and `postgres://…` too), `sqlite:///file`
    (`sqlite+aiosqlite:///file` too), or the path of a SQLite file. Raises StorageError for another scheme or
    where the extra for PostgreSQL is missing.
    """
    scheme, found, rest = address.partition("://")
    if not found:
        return SQLite(Path(address))
    engine = scheme.partition("+")[0]
    if engine == "sqlite":
        return SQLite(Path(unquote(rest.removeprefix("/").partition("?")[0])))
    if engine not in ("postgresql", "postgres"):
        raise StorageError(f"There is no database engine {engine!r}.", hint="Use postgresql:// or sqlite:/// or the path of a file.")
    try:
        from nextcloud_mcp_server.storage.postgres import Postgres
    except ImportError as missing:
        raise StorageError("PostgreSQL needs the extra.", hint="pip install 'nextcloud-mcp-server[postgres]'") from missing
    return Postgres(f"postgresql://{rest}", pool_size)
