"""The Notifications API v2 (https://github.com/nextcloud/notifications/blob/master/docs/ocs-endpoint-v2.md)."""

from nextcloud_mcp_server.apps.notifications.models import NOTIFICATION, NOTIFICATIONS, Notification
from nextcloud_mcp_server.nextcloud.answers import shape
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.ocs import as_list, unwrap

API = "/apps/notifications/api/v2/notifications"
JSON = {"Accept": "application/json"}


class Notifications(Client):
    """What waits for one person."""

    async def all(self) -> list[Notification]:
        """Newest first; Nextcloud answers 204 where no app notifies."""
        what = "the notifications"
        answer = await self.session.request("GET", f"/ocs/v2.php{API}", what=what, headers=JSON)
        return shape(NOTIFICATIONS, as_list(unwrap(answer)), what) if answer.body else []

    async def get(self, notification_id: int) -> Notification:
        what = f"Notification {notification_id}"
        return shape(NOTIFICATION, await self.session.ocs("GET", f"{API}/{notification_id}", what=what), what)

    async def dismiss(self, notification_id: int) -> None:
        """Nextcloud says yes to any id."""
        await self.session.ocs("DELETE", f"{API}/{notification_id}", what=f"Notification {notification_id}")
