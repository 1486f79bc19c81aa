"""Demo calendars and tasks around the sandbox's present week."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import NAMESPACE_DNS, uuid5

from nextcloud_sandbox.areas.caldav import objects, state
from nextcloud_sandbox.areas.caldav.zones import ZONES, vtimezone
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import CAL, DAV
from nextcloud_sandbox.groupware.davxml import text
from nextcloud_sandbox.groupware.store import View
from nextcloud_sandbox.groupware.vobject import Component, Line, escape, parse_line

PRODID = "-//IDN nextcloud.com//Calendar app 5.5.3//EN"
BERLIN = "Europe/Berlin"
ALICE = "ORGANIZER;CN=Alice Example:mailto:alice@example.org"
BOB = "ATTENDEE;CN=Bob Example;CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:bob@example.org"
PRIYA = "ATTENDEE;CN=Priya Nair;CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:priya.nair@example.com"
OLGA = "ATTENDEE;CN=Olga Petrova;PARTSTAT=TENTATIVE;ROLE=OPT-PARTICIPANT:mailto:olga.petrova@example.com"
ROOM = "ATTENDEE;CN=Room 2.14;CUTYPE=ROOM;PARTSTAT=ACCEPTED;ROLE=NON-PARTICIPANT:mailto:room-2-14@example.com"


@dataclass(frozen=True)
class Entry:
    """One event or task. `at` is (days from this Monday, "HH:MM" or None for all day); `zone` "" floats, "UTC" is UTC.

    `minutes` is the length, or days when all day. `lines` are further content lines; `alarms` are TRIGGER lines with their value.
    """

    title: str
    at: tuple[int, str | None]
    minutes: int = 60
    zone: str = BERLIN
    lines: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    exceptions: tuple["Change", ...] = ()
    skip: tuple[int, ...] = ()


@dataclass(frozen=True)
class Change:
    """An occurrence, `weeks` after the first, that is held differently."""

    weeks: int
    shift: timedelta = timedelta()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """`due` and `start` are days from today; a time makes them moments in Berlin."""

    title: str
    due: tuple[int, str | None] | None = None
    start: tuple[int, str | None] | None = None
    lines: tuple[str, ...] = field(default=())
    parent: str = ""


ALICE_PERSONAL = [
    Entry("Dentist", (1, "08:30"), 45, lines=("LOCATION:Dr. Weber\\, Hauptstr. 12",), alarms=("-P1D", "-PT1H")),
    Entry("Yoga", (0, "18:30"), 75, lines=("RRULE:FREQ=WEEKLY;BYDAY=MO,TH", "CATEGORIES:Health"), skip=(1,)),
    Entry("Dinner with Tom & Ana", (4, "19:30"), 150, lines=("LOCATION:Trattoria Da Enzo", "STATUS:TENTATIVE")),
    Entry(
        "Long weekend in Lisbon",
        (11, None),
        4,
        lines=("TRANSP:OPAQUE", "DESCRIPTION:Flight TP 535\\nBooking: see Notes", "CATEGORIES:Travel"),
    ),
    Entry(
        "Flight to Lisbon (TP 535)",
        (11, "06:40"),
        190,
        lines=("LOCATION:BER → LIS", "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC"),
        alarms=("-PT3H",),
    ),
    Entry("Mum's birthday 🎂", (6, None), 1, lines=("RRULE:FREQ=YEARLY", "TRANSP:TRANSPARENT")),
    Entry("Parents' evening", (2, "19:00"), 90, lines=("CLASS:PRIVATE",)),
    Entry("Bin day", (3, None), 1, lines=("RRULE:FREQ=WEEKLY;INTERVAL=2", "TRANSP:TRANSPARENT")),
    Entry(
        "Book club: “The Dispossessed”",
        (9, "20:00"),
        120,
        lines=("RRULE:FREQ=MONTHLY;BYDAY=3WE;COUNT=12", "URL:https://example.org/books?id=7&month=3"),
    ),
    Entry("Concert — Nils Frahm", (19, "20:00"), 150, zone="", lines=("LOCATION:Funkhaus", "X-SEATS:Row 12\\; seats 4-5")),
    Entry("Tax advisor", (-4, "10:00"), 60),
    Entry("Car inspection (cancelled)", (2, "09:00"), 60, lines=("STATUS:CANCELLED",)),
]
ALICE_WORK = [
    Entry(
        "Stand-up",
        (-28, "09:30"),
        15,
        lines=("RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "LOCATION:https://talk.example.org/call/standup"),
        alarms=("-PT5M",),
    ),
    Entry(
        "Team meeting",
        (-14, "14:00"),
        60,
        lines=("RRULE:FREQ=WEEKLY;COUNT=20", ALICE, BOB, PRIYA, ROOM, "LOCATION:Room 2.14", "SEQUENCE:2"),
        alarms=("-PT15M",),
        exceptions=(Change(2, timedelta(hours=2), ("SUMMARY:Team meeting (moved: all-hands before)",)), Change(4, timedelta(days=1))),
        skip=(3,),
    ),
    Entry("1:1 Alice / Bob", (3, "11:00"), 30, lines=(ALICE, BOB, "DESCRIPTION:Agenda:\\n- release\\n- hiring\\n- anything else?")),
    Entry(
        "Review with New York",
        (2, "10:00"),
        60,
        "America/New_York",
        lines=(ALICE, OLGA, "CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://talk.example.org/call/nyc"),
    ),
    Entry("Sync with Bengaluru", (1, "13:30"), 45, "Asia/Kolkata", lines=("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",)),
    Entry("Release 4.2 goes live", (3, "16:00"), 30, "UTC", lines=("PRIORITY:1", "COLOR:firebrick"), alarms=("-PT30M",)),
    Entry("Company offsite", (21, None), 3, lines=("LOCATION:Spreewald", "CATEGORIES:Travel,Team")),
    Entry("On call", (7, None), 7, lines=("TRANSP:TRANSPARENT", "X-ONCALL-LEVEL:2")),
    Entry(
        "Quarterly planning",
        (8, "09:00"),
        480,
        lines=("LOCATION:Room 3.01", "ATTACH;FMTTYPE=application/pdf;FILENAME=plan.pdf:/Documents/plan.pdf"),
    ),
    Entry("Interview: backend engineer", (4, "15:00"), 60, lines=(ALICE, PRIYA)),
    Entry("Focus time", (0, "13:00"), 120, lines=("RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL={until}",)),
    Entry("Maintenance window", (5, "22:00"), 300, "UTC", lines=("STATUS:CONFIRMED",)),
    Entry("Payday", (-30, None), 1, lines=("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1", "TRANSP:TRANSPARENT")),
    Entry("Retro", (4, "16:30"), 45, lines=("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "COMMENT:Bring one thing to celebrate")),
    Entry(
        "Talk: Calendars are hard",
        (15, "18:00"),
        45,
        "Asia/Tokyo",
        lines=("GEO:35.6586;139.7454", "URL:https://example.com/talks/calendars"),
    ),
]
FAMILY = [
    Entry("School holidays", (28, None), 14, lines=("TRANSP:TRANSPARENT",)),
    Entry("Football training Mia", (1, "17:00"), 90, lines=("RRULE:FREQ=WEEKLY;BYDAY=TU",)),
    Entry("Grandparents visit", (5, None), 2),
    Entry("Vet appointment Kasimir", (3, "17:15"), 30, alarms=("-PT2H",)),
    Entry("Swimming", (5, "10:00"), 90, lines=("RRULE:FREQ=WEEKLY;BYDAY=SA",)),
]
BOB_PERSONAL = [
    Entry("Climbing", (2, "19:00"), 120, lines=("RRULE:FREQ=WEEKLY;BYDAY=WE",)),
    Entry("Band rehearsal", (3, "20:00"), 150, lines=("RRULE:FREQ=WEEKLY;BYDAY=TH", "LOCATION:Cellar 7")),
    Entry("Physio", (1, "07:45"), 30),
    Entry("Weekend in the mountains", (12, None), 2),
    Entry("Annual leave", (35, None), 10, lines=("CATEGORIES:Vacation",)),
]
BOB_TEAM = [
    Entry("Sprint planning", (0, "10:00"), 90, lines=("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",)),
    Entry("Deployment", (3, "08:00"), 60, "UTC", lines=("RRULE:FREQ=WEEKLY;BYDAY=TH",)),
    Entry("Customer workshop", (9, "13:00"), 240, lines=("LOCATION:Hamburg\\, Speicherstadt",)),
    Entry("Fire drill", (2, "11:00"), 30, zone=""),
]
ALICE_TASKS = [
    Task("Prepare slides for the offsite", (5, "12:00"), (0, None), ("PRIORITY:1", "STATUS:IN-PROCESS", "PERCENT-COMPLETE:40")),
    Task("Collect figures", (3, None), parent="Prepare slides for the offsite"),
    Task("Draw the architecture diagram", (4, None), lines=("PRIORITY:5",), parent="Prepare slides for the offsite"),
    Task("Buy milk, bread & coffee", (0, None), lines=("CATEGORIES:Errands",)),
    Task(
        "Renew passport",
        (20, None),
        lines=("PRIORITY:3", "DESCRIPTION:Needs a biometric photo.\\nOffice opens at 8.", "LOCATION:Citizens' office"),
    ),
    Task("Pay electricity bill", (-2, None), lines=("PRIORITY:1", "CATEGORIES:Finance")),
    Task("Water the plants", (1, "18:00"), (1, "18:00"), ("RRULE:FREQ=WEEKLY;INTERVAL=1", "CATEGORIES:Home")),
    Task("Call the landlord", (-5, None), lines=("STATUS:COMPLETED", "PERCENT-COMPLETE:100", "COMPLETED:{now}")),
    Task("Cancel gym membership", (-10, None), lines=("STATUS:CANCELLED",)),
    Task("Read RFC 5545", lines=("URL:https://www.rfc-editor.org/rfc/rfc5545", "X-APPLE-SORT-ORDER:634")),
    Task("Write release notes 4.2", (2, "17:00"), lines=("PRIORITY:2", "STATUS:NEEDS-ACTION", "CATEGORIES:Work,Release")),
    Task("Plan Mia's birthday party", (14, None), lines=("CATEGORIES:Family", "X-PINNED:true")),
    Task("Backup laptop", (6, None), lines=("RRULE:FREQ=MONTHLY",)),
    Task("Learn 10 words of Portuguese 🇵🇹", lines=("PERCENT-COMPLETE:20", "STATUS:IN-PROCESS")),
]
BOB_TASKS = [
    Task("Book train to Hamburg", (3, None), lines=("PRIORITY:2",)),
    Task("Fix the squeaking door", lines=("CATEGORIES:Home",)),
    Task("Review Alice's pull request", (0, "16:00"), lines=("STATUS:IN-PROCESS", "PERCENT-COMPLETE:60")),
    Task("Return library books", (-1, None), lines=("STATUS:COMPLETED", "PERCENT-COMPLETE:100", "COMPLETED:{now}")),
]


def seed(sandbox: Sandbox) -> None:
    alice, bob = state.home(sandbox, "alice"), state.home(sandbox, "bob")
    personal = {view.user: view for view in (*alice, *bob) if view.uri == state.PERSONAL}
    work = calendar(sandbox, "alice", "work", "Work", "#C37200", ["VEVENT"])
    family = calendar(sandbox, "alice", "family", "Family", "#31CC7C", ["VEVENT", "VTODO"])
    team = calendar(sandbox, "bob", "team", "Team & releases", "#6A5ACD", ["VEVENT", "VTODO"])
    family.collection.shares["bob"] = False
    team.collection.shares["alice"] = True
    for view, entries in (
        (personal["bob"], BOB_PERSONAL),
        (team, BOB_TEAM),
        (personal["alice"], ALICE_PERSONAL),
        (work, ALICE_WORK),
        (family, FAMILY),
    ):
        for entry in entries:
            put(sandbox, view, entry.title, events(sandbox, view, entry), zone_names(entry))
    for user, tasks in (("alice", ALICE_TASKS), ("bob", BOB_TASKS)):
        view = calendar(sandbox, user, "tasks", "Tasks", "#0082C9", ["VTODO"])
        for task in tasks:
            put(sandbox, view, task.title, [todo(sandbox, view, task)], [BERLIN] if timed(task) else [])


def calendar(sandbox: Sandbox, user: str, uri: str, name: str, color: str, components: list[str]) -> View:
    zone = text(str(Component("VCALENDAR", [Line("VERSION", "2.0"), Line("PRODID", PRODID)], [vtimezone(BERLIN)])))
    props = {f"{DAV}displayname": text(name), state.COLOR: color, f"{CAL}calendar-timezone": zone}
    return View(state.create(sandbox, user, uri, props, components), user, uri)


def uid_of(view: View, title: str) -> str:
    return str(uuid5(NAMESPACE_DNS, f"{view.user}/{view.uri}/{title}"))


def put(sandbox: Sandbox, view: View, title: str, components: list[Component], zones: Iterable[str]) -> None:
    head = [Line("VERSION", "2.0"), Line("PRODID", PRODID), Line("CALSCALE", "GREGORIAN")]
    root = Component("VCALENDAR", head, [*(vtimezone(zone) for zone in zones), *components])
    objects.put(sandbox, view, f"{uid_of(view, title)}.ics", str(root).encode())


def today(sandbox: Sandbox) -> date:
    return datetime.fromtimestamp(sandbox.now(), UTC).date()


def utc(sandbox: Sandbox, days: int = 0) -> str:
    return f"{datetime.fromtimestamp(sandbox.now(), UTC) + timedelta(days=days):%Y%m%dT%H%M%SZ}"


def zone_names(entry: Entry) -> list[str]:
    return [entry.zone] if entry.zone in ZONES and entry.at[1] else []


def moment(name: str, value: datetime | date, zone: str) -> Line:
    if not isinstance(value, datetime):
        return Line(name, f"{value:%Y%m%d}", [("VALUE", "DATE")])
    suffix = "Z" if zone == "UTC" else ""
    return Line(name, f"{value:%Y%m%dT%H%M%S}{suffix}", [("TZID", zone)] if zone in ZONES else [])


def point(day: date, clock: str | None) -> datetime | date:
    """A local moment without zone, or the day itself."""
    return datetime.fromisoformat(f"{day}T{clock}") if clock else day


def events(sandbox: Sandbox, view: View, entry: Entry) -> list[Component]:
    now = today(sandbox)
    days, clock = entry.at
    start = point(now - timedelta(days=now.weekday()) + timedelta(days=days), clock)
    length = timedelta(minutes=entry.minutes) if clock else timedelta(days=entry.minutes)
    main = event(sandbox, view, entry, start, length)
    main.lines += [moment("EXDATE", start + timedelta(weeks=weeks), entry.zone) for weeks in entry.skip]
    return [main, *(exception(sandbox, view, entry, start, length, found) for found in entry.exceptions)]


def event(sandbox: Sandbox, view: View, entry: Entry, start: datetime | date, length: timedelta) -> Component:
    made = Component("VEVENT", stamps(sandbox, uid_of(view, entry.title), entry.title))
    made.lines += [moment("DTSTART", start, entry.zone), moment("DTEND", start + length, entry.zone)]
    made.lines += [parse_line(line.replace("{until}", utc(sandbox, 60))) for line in entry.lines]
    for number, trigger in enumerate(entry.alarms):
        lines = [Line("ACTION", "DISPLAY"), Line("DESCRIPTION", "Reminder"), Line("TRIGGER", trigger, [("RELATED", "START")])]
        made.children.append(Component("VALARM", [*lines, Line("X-WR-ALARMUID", f"{uid_of(view, entry.title)}-{number}")]))
    return made


def exception(sandbox: Sandbox, view: View, entry: Entry, start: datetime | date, length: timedelta, found: Change) -> Component:
    original = start + timedelta(weeks=found.weeks)
    made = event(sandbox, view, entry, original + found.shift, length)
    for line in map(parse_line, found.lines):
        made.lines = [line if known.name == line.name else known for known in made.lines]
    made.remove("RRULE")
    made.lines.append(moment("RECURRENCE-ID", original, entry.zone))
    return made


def stamps(sandbox: Sandbox, uid: str, title: str) -> list[Line]:
    made = utc(sandbox, -20)
    return [Line("CREATED", made), Line("DTSTAMP", made), Line("LAST-MODIFIED", made), Line("UID", uid), Line("SUMMARY", escape(title))]


def timed(task: Task) -> bool:
    return any(when and when[1] for when in (task.due, task.start))


def todo(sandbox: Sandbox, view: View, task: Task) -> Component:
    made = Component("VTODO", stamps(sandbox, uid_of(view, task.title), task.title))
    for name, when in (("DTSTART", task.start), ("DUE", task.due)):
        if when:
            made.lines.append(moment(name, point(today(sandbox) + timedelta(days=when[0]), when[1]), BERLIN))
    made.lines += [parse_line(line.replace("{now}", utc(sandbox, -1))) for line in task.lines]
    if task.parent:
        made.lines.append(Line("RELATED-TO", uid_of(view, task.parent)))
    return made
