"""VTIMEZONE components as clients write them, for the demo data."""

from dataclasses import dataclass

from nextcloud_sandbox.groupware.vobject import Component, Line


@dataclass(frozen=True)
class Part:
    """STANDARD or DAYLIGHT; offsets as +HHMM; `rule` is the RRULE of the change, "" for a zone without changes."""

    name: str
    short: str
    before: str
    after: str
    start: str = "19700101T000000"
    rule: str = ""


ZONES = {
    "Europe/Berlin": (
        Part("DAYLIGHT", "CEST", "+0100", "+0200", "19700329T020000", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
        Part("STANDARD", "CET", "+0200", "+0100", "19701025T030000", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"),
    ),
    "America/New_York": (
        Part("DAYLIGHT", "EDT", "-0500", "-0400", "19700308T020000", "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"),
        Part("STANDARD", "EST", "-0400", "-0500", "19701101T020000", "FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"),
    ),
    "Asia/Kolkata": (Part("STANDARD", "IST", "+0530", "+0530"),),
    "Asia/Tokyo": (Part("STANDARD", "JST", "+0900", "+0900"),),
}


def vtimezone(name: str) -> Component:
    return Component("VTIMEZONE", [Line("TZID", name)], [observance(part) for part in ZONES[name]])


def observance(part: Part) -> Component:
    lines = [Line("TZOFFSETFROM", part.before), Line("TZOFFSETTO", part.after), Line("TZNAME", part.short), Line("DTSTART", part.start)]
    return Component(part.name, lines + ([Line("RRULE", part.rule)] if part.rule else []))
