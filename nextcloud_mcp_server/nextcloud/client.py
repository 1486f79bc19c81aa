"""The base of every app's client: requests of one app in that app's terms."""

from dataclasses import dataclass

from nextcloud_mcp_server.core.tools import Injected
from nextcloud_mcp_server.nextcloud.session import Session


@dataclass(frozen=True)
class Client(Injected):
    """Made with the caller's session wherever a tool asks for it by type."""

    session: Session
