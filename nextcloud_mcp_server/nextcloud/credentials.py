"""What is shown to Nextcloud to prove who is asking; its value never appears in a representation."""

import base64
import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Credential:
    """An `Authorization` header and a name for the kind, for the audit.

    `key` is a digest that identifies the credential without telling it.
    """

    authorization: str = field(repr=False)
    kind: str
    login: str | None = None
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", hashlib.sha256(self.authorization.encode()).hexdigest())


def basic(login: str, password: str, kind: str = "app_password") -> Credential:
    """RFC 7617 Basic credentials in UTF-8. The login name may differ from the Nextcloud user id."""
    token = base64.b64encode(f"{login}:{password}".encode()).decode("ascii")
    return Credential(f"Basic {token}", kind, login)


def bearer(token: str) -> Credential:
    """RFC 6750 bearer token."""
    return Credential(f"Bearer {token}", "bearer")


ANONYMOUS = Credential("", "none")
"""Nobody: for what Nextcloud tells everyone."""
