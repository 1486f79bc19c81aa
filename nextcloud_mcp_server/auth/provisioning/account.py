"""What the sign-in tools are given: the verified caller, and what they may do about their access."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.tools import Injected

if TYPE_CHECKING:
    from nextcloud_mcp_server.auth.provisioning.login import Login

Decision = Literal["accepted", "declined", "cancelled"]
Present = Callable[[str, str], Awaitable[Decision | None]]
"""Shows an address with a message to the person by the client (URL-mode elicitation); None where the client cannot."""


async def cannot_present(url: str, message: str) -> Decision | None:
    """For clients without URL-mode elicitation: the address is in the answer."""
    return None


@dataclass(frozen=True)
class Account(Injected):
    """Made by the server for one call."""

    login: "Login"
    caller: Caller
    present: Present = cannot_present
