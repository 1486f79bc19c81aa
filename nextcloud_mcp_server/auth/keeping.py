"""What the modes with many people keep: one database with its vault, audit, notices, and who is who."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from nextcloud_mcp_server.auth.people import AccessStore, People
from nextcloud_mcp_server.auth.server.rates import Rates
from nextcloud_mcp_server.auth.signed_out import SignedOut
from nextcloud_mcp_server.settings import Settings, SettingsError, Storage
from nextcloud_mcp_server.storage import Audit, Database, Events, KeyProblem, StorageError, Vault, open_database

FILE = "tokens.db"


@dataclass(frozen=True)
class Keeping:
    """The stores, on one database; `open` before anything is asked of them."""

    database: Database
    audit: Audit
    vault: Vault
    events: Events
    people: People
    store: AccessStore
    rates: Rates
    signed_out: SignedOut

    async def open(self) -> None:
        """Connects, migrates, proves the keys. Raises Unavailable for now, KeyProblem and DatabaseTooNew for good."""
        await self.database.open()
        await self.vault.check()
        await self.events.start()

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Open for what is prepared inside; closed again where that fails, or the connections' threads would outlive the attempt."""
        try:
            await self.open()
            yield
        except BaseException:
            await self.database.close()
            raise


def address(storage: Storage, data_dir: Path) -> str:
    """`DATABASE_URL`, else `TOKEN_STORAGE_DB`, else a file in the data directory."""
    if storage.database_url:
        return storage.database_url.get_secret_value()
    return str(storage.file or data_dir / FILE)


def keeping(settings: Settings) -> Keeping:
    """The stores of these settings, not yet open. Raises SettingsError for keys and addresses that cannot do."""
    try:
        database = open_database(address(settings.storage, settings.server.data_dir))
        audit, events = Audit(database, retention_days=settings.storage.audit_days), Events(database)
        vault = Vault(database, audit, [key.get_secret_value() for key in settings.storage.encryption_keys])
    except KeyProblem as problem:
        raise SettingsError(f"{problem.message} {problem.hint}") from None
    except StorageError as problem:
        raise SettingsError(f"DATABASE_URL is wrong: {problem.message} {problem.hint}") from None
    store, signed_out = AccessStore(database, vault, events), SignedOut(database, events, audit)
    return Keeping(database, audit, vault, events, People(database), store, Rates(database), signed_out)
