"""Who is calling this server, as the inbound side established it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Caller:
    """An identity: `issuer` and `subject` name it, `scopes` limit it (None: every scope).

    `granted` is what the person limited this server's access to when they gave it (None: no limit).

    `credential` is whatever the outbound side of the same mode needs (a header, a verified token); nothing else
    looks at it, and it is never shown.
    """

    issuer: str
    subject: str
    scopes: frozenset[str] | None = None
    client_id: str | None = None
    method: str = "owner"
    credential: object = field(default=None, repr=False)
    granted: frozenset[str] | None = None

    @property
    def key(self) -> tuple[str, str]:
        return (self.issuer, self.subject)


OWNER = Caller(issuer="local", subject="owner")
"""The person who started the process."""
