"""What the sign-in tools are given: the verified caller, and what they may do about their access."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.tools import Injected

if TYPE_CHECKING:
    from nextcloud_mcp_server.auth.provisioning.login import Login

Decision = Literal["accepted", "declined", "cancelled"]


class Presenter:
    """Shows an address to the person by the client (URL-mode elicitation). This one is for clients that cannot: the address
    is in the answer."""

    def answer(self, question: str) -> Decision | None:
        """What the person said to a question of an earlier round of this call; None where there was none."""
        return None

    async def show(self, question: str, url: str, message: str) -> Decision | None:
        """What the person says to it; None where that is not known. `question` tells this one from others."""
        return None


CANNOT = Presenter()


@dataclass(frozen=True)
class Account(Injected):
    """Made by the server for one call."""

    login: "Login"
    caller: Caller
    present: Presenter = CANNOT
