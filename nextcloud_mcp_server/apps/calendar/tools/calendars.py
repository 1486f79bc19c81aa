"""Calendars themselves."""

import re
from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.calendar.client import Calendars
from nextcloud_mcp_server.apps.calendar.models import Calendar, ManagedCalendar
from nextcloud_mcp_server.apps.calendar.tools.shared import TOOLS, required
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, paginate

ACTIONS = ("create", "update", "delete", "restore", "list")
KINDS = {"events": ("VEVENT",), "tasks": ("VTODO",), "both": ("VEVENT", "VTODO")}


@TOOLS.read(items="calendars", total="total_count", untrusted=True)
async def nc_calendar_list_calendars(calendars: Calendars, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Calendar]:
    """List calendars and subscriptions; `components` says which take events (VEVENT) and tasks (VTODO)."""
    return paginate(await calendars.all(), limit, cursor)


@TOOLS.delete(untrusted=True)
async def nc_calendar_manage_calendar(
    calendars: Calendars,
    action: Annotated[str, Field(json_schema_extra={"enum": [*ACTIONS]})],
    calendar_name: Annotated[str | None, Field(description="Part of its address; on create from display_name if left out.")] = None,
    display_name: str | None = None,
    description: str | None = None,
    color: Annotated[str | None, Field(description="#RRGGBB.")] = None,
    components: Annotated[str, Field(description="On create: events, tasks or both.")] = "both",
) -> ManagedCalendar:
    """Create, update, delete (to the trash), restore or list calendars."""
    action = action.strip().lower()
    if action not in ACTIONS:
        raise InvalidValue(f"action {action!r} is unknown.", candidates=ACTIONS)
    if action == "list":
        return ManagedCalendar(calendars=await calendars.all())
    values = {"display_name": display_name, "description": description, "color": _checked(color)}
    given = {name: value for name, value in values.items() if value is not None}
    if action == "create":
        name = calendar_name or _slug(required("calendar_name", display_name))
        kinds = KINDS.get(components.strip().lower())
        if kinds is None:
            raise InvalidValue(f"components {components!r} is unknown.", candidates=KINDS)
        code = await calendars.create_calendar(_segment(name), {"display_name": name, **given}, kinds)
        return ManagedCalendar.model_validate({"name": name, "status_code": code, "display_name": name, **given})
    name = required("calendar_name", calendar_name)
    if action == "restore":
        return ManagedCalendar(name=name, status_code=await calendars.restore_calendar(name), message="Restored from the trash.")
    if action == "update":
        return await _update(calendars, name, given)
    return await _delete(calendars, name)


async def _update(calendars: Calendars, name: str, given: dict[str, str]) -> ManagedCalendar:
    if not given:
        raise InvalidValue("Nothing to change: none of display_name, description, color is given.")
    current = await calendars.named(name)
    code = await calendars.update_calendar(name, given)
    shown = {"display_name": current.display_name, "description": current.description, "color": current.color, **given}
    return ManagedCalendar.model_validate({"name": name, "status_code": code, **shown})


async def _delete(calendars: Calendars, name: str) -> ManagedCalendar:
    """A second DELETE of a calendar that is in the trash already is answered like the first, so it is looked up before."""
    current = await calendars.named(name)
    code = await calendars.delete_calendar(name)
    if current.source:
        message = "The subscription is gone; subscribe again to have it back."
    elif current.owner:
        message = "It is no longer shared with this person; its owner can share it again."
    else:
        message = 'In the trash with its content: action="restore" brings it back.'
    return ManagedCalendar(name=name, display_name=current.display_name, status_code=code, message=message)


def _checked(color: str | None) -> str | None:
    if color and not re.fullmatch(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?", color.strip()):
        raise InvalidValue(f"color {color!r} is no color.", hint="Write #1976D2.")
    return color.strip() if color else color


def _slug(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text.strip().lower()).strip("-.") or "calendar"


def _segment(name: str) -> str:
    if "/" in name or name in (".", "..") or name in ("inbox", "outbox", "trashbin"):
        raise InvalidValue(f"calendar_name {name!r} cannot be used.", hint="Use another word, without a slash.")
    return name
