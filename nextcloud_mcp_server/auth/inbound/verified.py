"""What a verifier finds in a token, or why it refuses it."""

from dataclasses import dataclass, field
from typing import Protocol

from nextcloud_mcp_server.core.caller import Caller


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that was proven: who it is for and what it allows. `expires_at` and `issued_at` (0: untold) are in epoch seconds.

    `subject` is the claim that names the person here, `sub` the provider's own name for them; `session` is the
    provider's session, or the family of a token that this server issued.
    """

    issuer: str
    subject: str
    scopes: frozenset[str]
    client_id: str | None
    audience: tuple[str, ...]
    expires_at: float
    token: str = field(repr=False)
    session: str | None = None
    sub: str = ""
    issued_at: float = 0.0

    def caller(self) -> Caller:
        return Caller(self.issuer, self.subject, self.scopes, self.client_id, "bearer", credential=self)


class Refused(Exception):
    """The token is not accepted; the message goes into the challenge and holds nothing secret."""


class MissingClaim(Refused):
    """Everything else about the token is proven; `verified` has `sub` as its subject."""

    def __init__(self, message: str, verified: Verified) -> None:
        super().__init__(message)
        self.verified = verified


class Verifier(Protocol):
    """One way to prove a token."""

    async def verify(self, token: str) -> Verified:
        """Raises Refused, or Unreachable while the provider that could prove it does not answer."""
        ...
