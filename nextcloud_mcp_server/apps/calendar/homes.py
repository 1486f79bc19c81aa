"""Calendars as a listing of somebody's home names them."""

from nextcloud_mcp_server.apps.calendar.models import Calendar
from nextcloud_mcp_server.apps.calendar.wire import DELETED_AT
from nextcloud_mcp_server.core.errors import BadAnswer
from nextcloud_mcp_server.nextcloud.content_lines import parse
from nextcloud_mcp_server.nextcloud.dav import Resource, qualified
from nextcloud_mcp_server.nextcloud.objects import name_of, owner_of

GENERATED = "app-generated--"
DELETED = "{http://nextcloud.com/ns}deleted-calendar"


def calendar_of(resource: Resource, uid: str) -> Calendar | None:
    """A calendar or subscription of a home listing; None for inbox, outbox, trash and the home itself."""
    kinds = resource.props.get("d:resourcetype")
    subscribed, deleted = resource.has("d:resourcetype", "cs:subscribed"), kinds is not None and kinds.find(DELETED) is not None
    if not subscribed and not deleted and not resource.has("d:resourcetype", "c:calendar"):
        return None
    name, owner, color = name_of(resource), owner_of(resource), resource.text("ical:calendar-color")
    return Calendar(
        name=name,
        display_name=resource.text("d:displayname") or name,
        description=resource.text("c:calendar-description"),
        color=color[:7] if color else None,
        timezone=_zone(resource.text("c:calendar-timezone")),
        enabled=resource.text("oc:calendar-enabled") != "0",
        ctag=resource.text("cs:getctag"),
        read_only=subscribed or not _writable(resource),
        source=_source(resource),
        components=_components(resource) or ["VEVENT"],
        owner=owner if owner not in ("", uid) else None,
        generated_by=name[len(GENERATED) :].partition("--")[0] if name.startswith(GENERATED) else None,
        transparent=resource.has("c:schedule-calendar-transp", "c:transparent"),
        deleted=deleted or DELETED_AT in resource.props,
    )


def _writable(resource: Resource) -> bool:
    privileges = resource.props.get("d:current-user-privilege-set")
    if "oc:read-only" in resource.props or privileges is None:  # of a calendar shared for writing it is there, and empty
        return resource.text("oc:read-only") in (None, "0")
    granted = {inner.tag for one in privileges for inner in one}
    return bool(granted & {qualified("d:write"), qualified("d:all"), qualified("d:bind"), qualified("d:write-content")})


def _components(resource: Resource) -> list[str]:
    accepted = resource.props.get("c:supported-calendar-component-set")
    return [name for one in (accepted if accepted is not None else ()) if (name := one.get("name"))]


def _source(resource: Resource) -> str | None:
    source = resource.props.get("cs:source")
    return (source.findtext("{DAV:}href") or source.text or "").strip() or None if source is not None else None


def _zone(text: str | None) -> str | None:
    """The TZID in a `calendar-timezone` property."""
    if not text:
        return None
    try:
        zones = parse(text, "The calendar's time zone").components("VTIMEZONE")
    except BadAnswer:
        return text if len(text) < 64 and "\n" not in text else None
    return zones[0].text("TZID") if zones else None
