"""The two questions of every mode: who is calling, and as whom the server acts."""

from collections.abc import Mapping
from typing import Protocol

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.nextcloud.session import Session


class Unauthorized(Exception):
    """The caller did not prove who they are. `challenge` is the value of `WWW-Authenticate` (RFC 9110 11.6.1)."""

    def __init__(self, message: str, challenge: str) -> None:
        super().__init__(message)
        self.message = message
        self.challenge = challenge


class Inbound(Protocol):
    """Who is calling."""

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """The caller behind a request's headers (names in lower case). Raises Unauthorized."""
        ...


class Outbound(Protocol):
    """As whom the server acts towards Nextcloud."""

    async def session(self, caller: Caller) -> Session:
        """The caller's own way to Nextcloud. Raises NotProvisioned or CredentialRefused with the next step."""
        ...

    async def offline(self, user: str) -> Session | None:
        """The same for background work on behalf of a Nextcloud user id; None where that user did not allow it."""
        ...
