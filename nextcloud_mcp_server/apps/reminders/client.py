"""The File reminders API v1 (OCS)."""

from datetime import UTC, datetime

from nextcloud_mcp_server.apps.reminders.models import DUE, Due, Reminder
from nextcloud_mcp_server.core.errors import NotFound
from nextcloud_mcp_server.nextcloud.answers import shape
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.dav import Resource, propfind
from nextcloud_mcp_server.nextcloud.hidden import refuse_hidden
from nextcloud_mcp_server.nextcloud.session import path_of, segment
from nextcloud_mcp_server.nextcloud.streaming import multistatus

API = "/apps/files_reminders/api/v1"


class Reminders(Client):
    """The files that one person wants to be reminded of."""

    async def get(self, path: str) -> Reminder:
        """A file and its reminder. Raises NotFound for a file that is not there."""
        await refuse_hidden(self.session, path)
        place = path.strip("/")
        address = f"/remote.php/dav/files/{segment(await self.session.uid())}/{path_of(place)}"
        found = await multistatus(self.session, "PROPFIND", address, propfind(("oc:fileid",)), _file_id, what=f"file {path}", depth="0")
        if not found:
            raise NotFound(f"Not found: {path}")
        what = f"the reminder of {path}"
        due: Due = shape(DUE, await self.session.ocs("GET", f"{API}/{found[0]}", what=what), what)
        return Reminder(path=f"/{place}", file_id=found[0], due=due.dueDate)

    async def set(self, reminder: Reminder, due: datetime) -> Reminder:
        """Sets the time anew. Nextcloud 32.0 keeps an earlier one and answers 200: then that is removed first."""
        await self._put(reminder, due)
        made = await self.get(reminder.path)
        if made.due != due.replace(microsecond=0):
            await self.delete(reminder)
            await self._put(reminder, due)
            made = await self.get(reminder.path)
        return made

    async def delete(self, reminder: Reminder) -> None:
        await self.session.ocs("DELETE", f"{API}/{reminder.file_id}", what=f"the reminder of {reminder.path}")

    async def _put(self, reminder: Reminder, due: datetime) -> None:
        fields = {"dueDate": due.astimezone(UTC).isoformat(timespec="seconds")}
        await self.session.ocs("PUT", f"{API}/{reminder.file_id}", what=f"the reminder of {reminder.path}", json=fields)


def _file_id(resource: Resource) -> int | None:
    text = resource.text("oc:fileid") or ""
    return int(text) if text.isdecimal() else None
