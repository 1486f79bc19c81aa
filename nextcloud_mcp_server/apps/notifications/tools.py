"""The tools of notifications."""

from nextcloud_mcp_server.apps.notifications.client import Notifications
from nextcloud_mcp_server.apps.notifications.models import Dismissed, Notification
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("notifications")


@TOOLS.read(items="notifications", untrusted=True, title="Notifications")
async def nc_notifications_list(notifications: Notifications, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Notification]:
    """List the person's notifications, newest first: what apps want them to see or answer."""
    return paginate(await notifications.all(), limit, cursor)


@TOOLS.delete(untrusted=True, title="Dismiss notification")
async def nc_notifications_dismiss(notifications: Notifications, notification_id: int) -> Dismissed:
    """Dismiss one of the person's notifications for good, on all their devices; ids come from nc_notifications_list."""
    gone = await notifications.get(notification_id)
    await notifications.dismiss(notification_id)
    return Dismissed(deleted_id=notification_id, subject=gone.subject)
