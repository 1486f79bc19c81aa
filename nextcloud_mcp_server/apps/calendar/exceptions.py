"""One occurrence of a series by itself: changed (an exception with RECURRENCE-ID) or taken out (EXDATE)."""

from datetime import UTC

from nextcloud_mcp_server.apps.calendar.expansion import Occurrence, upcoming
from nextcloud_mcp_server.apps.calendar.objects import CalendarObject, begin_of
from nextcloud_mcp_server.apps.calendar.times import Moment, read, write
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line

OF_THE_SERIES = frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"})


def exception_for(one: Occurrence) -> Component:
    """The exception that describes this occurrence; a new one says the same as the series does."""
    if own_exception(one):
        return one.item
    stored, source = one.stored, one.item
    made = Component(source.name, source.begin, source.end, [_copied(part) for part in source.content if _kept(part)])
    place = next((index + 1 for index, part in enumerate(made.content) if isinstance(part, Line) and part.name == "UID"), 0)
    made.content.insert(place, write("RECURRENCE-ID", one.id or one.start))
    _stand_at(made, one)
    stored.add(made)
    return made


def own_exception(one: Occurrence) -> bool:
    """Whether the occurrence has an exception of its own (not one that holds for all later ones)."""
    id_line = one.item.first("RECURRENCE-ID")
    moment = read(id_line)
    return bool(id_line and moment and one.id and not id_line.parameter("RANGE")) and one.item is not one.stored.master


def _kept(part: Line | Component) -> bool:
    return isinstance(part, Component) or part.name not in OF_THE_SERIES


def _copied(part: Line | Component) -> Line | Component:
    return part if isinstance(part, Line) else Component(part.name, part.begin, part.end, [_copied(inner) for inner in part.content])


def _stand_at(item: Component, one: Occurrence) -> None:
    """Moves the copy from the series' first date to the occurrence's."""
    end_name = "DUE" if item.name == "VTODO" else "DTEND"
    if item.first("DTSTART"):
        item.put(write("DTSTART", one.start))
    if one.end and item.first(end_name):
        item.put(write(end_name, one.end))


def exclude(one: Occurrence) -> bool:
    """Takes the occurrence out of its series; False where nothing of the object is left, which Nextcloud would not store."""
    stored = one.stored
    if own_exception(one):
        stored.drop(one.item)
    master = stored.master
    if master and one.id and begin_of(master):
        master.add(write("EXDATE", one.id))
    return bool(stored.overrides) or (master is not None and next(upcoming(stored, UTC), None) is not None)


def changed_occurrences(stored: CalendarObject) -> list[Moment]:
    """The recurrence ids that have an exception."""
    found = (read(item.first("RECURRENCE-ID")) for item in stored.overrides)
    return [moment for moment in found if moment]
