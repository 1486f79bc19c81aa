"""The User status API v1 (Nextcloud developer manual, "User status API")."""

from typing import Any

from nextcloud_mcp_server.apps.userstatus.models import STATUS, Status
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.nextcloud.answers import shape
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.session import segment

API = "/apps/user_status/api/v1"
MINE = f"{API}/user_status"
WHAT = "the status"


class UserStatus(Client):
    """One person's status and that of others."""

    async def get(self, user_id: str | None = None) -> Status:
        """Somebody's status; who never set one is offline."""
        try:
            data = await self.session.ocs("GET", f"{API}/statuses/{segment(user_id)}" if user_id else MINE, what=WHAT)
        except NotFound:
            return shape(STATUS, {"userId": user_id or await self.session.uid()}, WHAT)
        return shape(STATUS, data, WHAT)

    async def set_availability(self, status: str) -> None:
        await self.session.ocs("PUT", f"{MINE}/status", what=WHAT, json={"statusType": status})

    async def set_message(self, message: str | None, icon: str | None, clear_at: int | None) -> None:
        """Replaces all three; `clear_at` in unix seconds."""
        fields: dict[str, Any] = {"statusIcon": icon, "message": message, "clearAt": clear_at}
        await self.session.ocs("PUT", f"{MINE}/message/custom", what=WHAT, json=fields)

    async def clear_message(self) -> None:
        await self.session.ocs("DELETE", f"{MINE}/message", what=WHAT)
