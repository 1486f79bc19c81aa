"""What survives a restart and is seen by every replica: one database, two engines, and what is built on it.

`open_database` gives the engine for an address; `Vault` keeps secrets, `Audit` says who used them, `Leases` names one
owner of a thing among all replicas, `Events` carries small notices between them.
"""

from nextcloud_mcp_server.storage.audit import Audit, AuditEntry
from nextcloud_mcp_server.storage.database import Database, Queries, Row
from nextcloud_mcp_server.storage.errors import Conflict, DatabaseTooNew, KeyProblem, SecretUnreadable, StorageError, Unavailable
from nextcloud_mcp_server.storage.events import Events
from nextcloud_mcp_server.storage.leases import Lease, Leases
from nextcloud_mcp_server.storage.opening import open_database
from nextcloud_mcp_server.storage.vault import Secret, Vault, new_key

__all__ = [
    "Audit",
    "AuditEntry",
    "Conflict",
    "Database",
    "DatabaseTooNew",
    "Events",
    "KeyProblem",
    "Lease",
    "Leases",
    "Queries",
    "Row",
    "Secret",
    "SecretUnreadable",
    "StorageError",
    "Unavailable",
    "Vault",
    "new_key",
    "open_database",
]
