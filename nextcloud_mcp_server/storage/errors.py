"""What can go wrong with the server's own storage.

StorageError
├── Unavailable        the database does not answer, or is locked for too long: passes by itself
├── Conflict           a row with this key is already there
├── DatabaseTooNew     the database was migrated by a newer version of the server
├── KeyProblem         TOKEN_ENCRYPTION_KEY is missing, malformed, or not the one the secrets were written with
└── SecretUnreadable   one stored secret does not open; its owner alone is concerned

No message holds a value out of the database.
"""


class StorageError(Exception):
    """The base of all; `hint` says what an administrator does next."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint


class Unavailable(StorageError):
    hint = "The server goes on trying; see /health/ready."


class Conflict(StorageError):
    pass


class DatabaseTooNew(StorageError):
    hint = "Run the version of the server that migrated it, or restore a backup from before."


class KeyProblem(StorageError):
    hint = "`nextcloud-mcp-server keygen` prints a new key for TOKEN_ENCRYPTION_KEY."


class SecretUnreadable(StorageError):
    """`kind` and `key` name the row; the others are not concerned."""

    hint = "This person has to grant access again; nobody else is concerned."

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"The stored {kind} of {key} does not open with any of the keys given.")
        self.kind = kind
        self.key = key
