"""The calendar of contacts' birthdays, which follows the address books and which nobody else may write."""

import re
from datetime import date, timedelta
from uuid import NAMESPACE_URL, uuid5

from nextcloud_sandbox.areas.caldav import state
from nextcloud_sandbox.areas.caldav.times import stamp_at
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.groupware.store import Item
from nextcloud_sandbox.groupware.vobject import Component, Line, escape

FIELDS = {"BDAY": ("", "\N{BIRTHDAY CAKE}"), "DEATHDATE": ("-death", "\N{LATIN CROSS}"), "ANNIVERSARY": ("-anniversary", "\N{RING}")}
DAY = re.compile(r"(?P<year>\d{4}|--)-?(?P<month>\d\d)-?(?P<day>\d\d)(?:T.*)?")
UNKNOWN_YEAR = 1970


def update(sandbox: Sandbox, user: str, name: str, card: Component | None) -> None:
    """Make, change or remove the events of the card `name` (<book>-<card>); None when the card is gone."""
    view = state.find(sandbox, user, state.BIRTHDAYS)
    if view is None:
        return
    collection = view.collection
    for field, (suffix, symbol) in FIELDS.items():
        uri = f"{name}{suffix}.ics"
        text = event(sandbox, uri, card, field, symbol) if card else None
        known = collection.items.get(uri)
        if text is None:
            if known:
                collection.remove(uri)
        elif known is None or known.data != text:
            item_id = known.id if known else sandbox.next_id()
            collection.put(Item(item_id, uri, text, int(sandbox.now()), uid(uri), "VEVENT"))


def uid(uri: str) -> str:
    return str(uuid5(NAMESPACE_URL, uri))


def event(sandbox: Sandbox, uri: str, card: Component, field: str, symbol: str) -> bytes | None:
    """A yearly all-day event, None when the card has no such day that can be read."""
    line = card.first(field)
    match = DAY.fullmatch(line.value.strip()) if line else None
    if line is None or match is None:
        return None
    omitted = line.param("X-APPLE-OMIT-YEAR") == match["year"] or match["year"] == "--"
    year = UNKNOWN_YEAR if omitted else int(match["year"])
    try:
        day = date(year, int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    name = card.first("FN")
    title = f"{symbol} {name.text if name else ''}" if omitted else f"{name.text if name else ''} ({symbol}{year})"
    lines = [
        Line("CREATED", stamp_at(sandbox.now())),
        Line("UID", uid(uri)),
        Line("DTSTAMP", stamp_at(sandbox.now())),
        Line("DTSTART", f"{day:%Y%m%d}", [("VALUE", "DATE")]),
        Line("DTEND", f"{day + timedelta(days=1):%Y%m%d}", [("VALUE", "DATE")]),
        Line("RRULE", "FREQ=YEARLY"),
        Line("SUMMARY", escape(title)),
        Line("TRANSP", "TRANSPARENT"),
        Line("X-NEXTCLOUD-BC-FIELD-TYPE", field),
        Line("X-NEXTCLOUD-BC-UNKNOWN-YEAR", "1" if omitted else "0"),
    ]
    if not omitted:
        lines.append(Line("X-NEXTCLOUD-BC-YEAR", str(year)))
    head = [Line("VERSION", "2.0"), Line("CALSCALE", "GREGORIAN"), Line("PRODID", "-//IDN nextcloud.com//Birthday calendar//EN")]
    return str(Component("VCALENDAR", head, [Component("VEVENT", lines)])).encode()
