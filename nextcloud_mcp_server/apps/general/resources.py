"""Resources of Nextcloud itself."""

from typing import Any

from nextcloud_mcp_server.core.app import Resource
from nextcloud_mcp_server.nextcloud.client import Client


class Capabilities(Client):
    """What Nextcloud says it can do for this person."""

    async def read(self) -> Any:
        return {"ocs": {"meta": {"status": "ok", "statuscode": 200, "message": "OK"}, "data": await self.session.capabilities()}}


async def capabilities(nextcloud: Capabilities) -> Any:
    return await nextcloud.read()


RESOURCES = (
    Resource("nc://capabilities", "Capabilities", "Version and apps of this Nextcloud, as OCS tells them", capabilities, frozenset()),
)
