"""The tools of file reminders."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.reminders.client import Reminders
from nextcloud_mcp_server.apps.reminders.models import Reminder
from nextcloud_mcp_server.core.clock import utc_now
from nextcloud_mcp_server.core.errors import InvalidValue, NotFound
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("reminders", scope="files")


@TOOLS.read()
async def nc_reminders_get(reminders: Reminders, path: str) -> Reminder:
    """Tell when Nextcloud reminds the person of a file or folder; without `due` it does not."""
    return await reminders.get(path)


@TOOLS.update()
async def nc_reminders_set(
    reminders: Reminders, path: str, due: Annotated[str, Field(description="ISO 8601; the person's time without an offset.")]
) -> Reminder:
    """Have Nextcloud remind the person of a file or folder; replaces an earlier reminder. It comes as a notification."""
    try:
        moment = datetime.fromisoformat(due.strip())
    except ValueError:
        raise InvalidValue(f"{due[:40]!r} is not a date or time.", hint="Write it as 2026-12-24T18:00.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=(await reminders.session.person()).zone)
    if moment <= utc_now():
        raise InvalidValue(f"due {due} is in the past.")
    return await reminders.set(await reminders.get(path), moment)


@TOOLS.delete()
async def nc_reminders_delete(reminders: Reminders, path: str) -> Reminder:
    """Remove the reminder of a file; the file stays."""
    reminder = await reminders.get(path)
    if reminder.due is None:
        raise NotFound(f"There is no reminder of {path}.", hint="Nothing to do.")
    await reminders.delete(reminder)
    return reminder.model_copy(update={"message": "Removed; nc_reminders_set with this time sets it again."})
