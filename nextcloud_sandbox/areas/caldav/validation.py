"""What a calendar accepts (RFC 4791, 5.3.2): the checks of Sabre VObject and its CalDAV plugin, with their words."""

import re
from dataclasses import dataclass
from uuid import uuid4

from nextcloud_sandbox.areas.caldav.times import is_empty, recurs, stamp_at
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.groupware.vobject import PRODID, Component, Line, ParseError, parse

KINDS = ("VEVENT", "VTODO", "VJOURNAL")
ONCE = (
    *("CLASS", "CREATED", "DESCRIPTION", "GEO", "LAST-MODIFIED", "LOCATION", "ORGANIZER", "PRIORITY", "SEQUENCE", "STATUS", "SUMMARY"),
    *("TRANSP", "URL", "RECURRENCE-ID", "RRULE", "DTSTART", "DTEND", "DUE", "DURATION", "COMPLETED", "PERCENT-COMPLETE"),
)
MANY_IN_JOURNALS = {"DESCRIPTION"}
DATES = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "COMPLETED", "DTSTAMP")
FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
DATE_TIME = re.compile(r"\d{4}[01]\d[0-3]\d(?:T[0-2]\d[0-5]\d[0-6]\dZ?)?")


@dataclass
class Checked:
    """`text` is what to store: the bytes given, unless something had to be repaired, which `warning` names."""

    component: Component
    kind: str
    uid: str
    warning: str = ""


def check(body: bytes, accepted: list[str], now: float) -> Checked:
    """The calendar object in `body`. Raises DavError 415 for what is no calendar object, 403 for a kind that the calendar does not take."""
    try:
        root = parse(body.decode("utf-8", "replace"))
    except ParseError as error:
        raise unsupported(f"This resource only supports valid iCalendar 2.0 data. Parse error: {error}") from None
    if root.name != "VCALENDAR":
        raise unsupported("This collection can only support iCalendar objects.")
    kinds = [child.name for child in root.children if child.name in KINDS]
    if not kinds or kinds[0] not in accepted:
        message = f"iCalendar objects must at least have a component of type {', '.join(accepted)}"
        extra = '  <cal:supported-calendar-component xmlns:cal="urn:ietf:params:xml:ns:caldav"/>\n'
        raise DavError(403, message, "Sabre\\CalDAV\\Exception\\InvalidComponentType", extra)
    warnings = repair(root, now)
    problem = find_problem(root, kinds)
    if problem:
        raise unsupported(f"Validation error in iCalendar: {problem}")
    if kinds[0] == "VEVENT" and recurs(root) and is_empty(body):
        raise DavError(403, "This recurrence rule does not generate any valid instances.")
    return Checked(root, kinds[0], root.main()[0].value("UID") if root.main() else "", warnings[0] if warnings else "")


def unsupported(message: str) -> DavError:
    return DavError(415, message)


def repair(root: Component, now: float) -> list[str]:
    """Add what is missing and can be made up; one message for each."""
    warnings: list[str] = []
    for name, value in (("VERSION", "2.0"), ("PRODID", PRODID)):
        if root.first(name) is None:
            root.lines.append(Line(name, value))
            warnings.append(f"{name} MUST appear exactly once in a VCALENDAR component")
    for child in root.children:
        if child.name not in KINDS:
            continue
        for name, value in (("UID", f"sabre-vobject-{uuid4()}"), ("DTSTAMP", stamp_at(now))):
            if child.first(name) is None:
                child.lines.append(Line(name, value))
                warnings.append(f"{name} MUST appear exactly once in a {child.name} component")
    return warnings


def find_problem(root: Component, kinds: list[str]) -> str:
    """What cannot be repaired, "" when all is well."""
    objects = [child for child in root.children if child.name in KINDS]
    masters: set[str] = set()
    for child in objects:
        problem = component_problem(child)
        uid = child.value("UID")
        if not problem and child.first("RECURRENCE-ID") is None:
            problem = f"More than one master object was found for the object with UID {uid}" if uid in masters else ""
            masters.add(uid)
        if problem:
            return problem
    if len({child.value("UID") for child in objects}) > 1:
        return "A calendar object on a CalDAV server may only have components with the same UID."
    if len(set(kinds)) > 1:
        return "A calendar object on a CalDAV server may only have 1 type of component (VEVENT, VTODO or VJOURNAL)."
    return "A calendar object on a CalDAV server MUST NOT have a METHOD property." if root.first("METHOD") else ""


def component_problem(child: Component) -> str:
    if child.name == "VEVENT" and child.first("DTSTART") is None:
        return "DTSTART MUST appear exactly once in a VEVENT component"
    for name in ONCE:
        if sum(1 for _ in child.all(name)) > 1 and not (child.name == "VJOURNAL" and name in MANY_IN_JOURNALS):
            return f"{name} MUST NOT appear more than once in a {child.name} component"
    for line in child.all("RRULE"):
        refuse_bad_rule(line.value)
    for line in child.lines:
        if line.name in DATES and not DATE_TIME.fullmatch(line.value.strip()):
            return f"The supplied value ({line.value}) is not a correct {'DATE' if line.param('VALUE') == 'DATE' else 'DATE-TIME'}"
    return ""


def refuse_bad_rule(value: str) -> None:
    """Nextcloud fails over a rule that it cannot follow, when it looks for the first and last occurrence."""
    frequency = next((part[5:] for part in value.upper().split(";") if part.startswith("FREQ=")), "")
    if frequency not in FREQUENCIES:
        raise DavError(500, f"Unknown value for FREQ={frequency}", "Sabre\\VObject\\InvalidDataException")
