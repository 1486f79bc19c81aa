"""Invitations between local users (RFC 6638): what a changed object sends, and what arrives in the calendars of others.

There is no mail server: a message that Nextcloud would also mail ends with SCHEDULE-STATUS 5.0, as on the recorded instance.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass

from nextcloud_sandbox.areas.caldav import state
from nextcloud_sandbox.areas.caldav.times import stamp_at
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.groupware import recent
from nextcloud_sandbox.groupware.store import Item
from nextcloud_sandbox.groupware.vobject import Component, Line, calendar, parse

MAIL_FAILED, DELIVERED, SUCCESS, UNKNOWN_USER = "5.0", "1.2", "2.0", "3.7"
SIGNIFICANT = ("DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "RDATE", "EXDATE", "STATUS", "SUMMARY", "DESCRIPTION", "LOCATION")
MINE = ("SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND")


@dataclass
class Message:
    """An iTIP message (RFC 5546)."""

    method: str
    sender: str
    recipient: str
    content: Component
    significant: bool = True


def addresses(sandbox: Sandbox, user: str) -> set[str]:
    """The calendar addresses of an account, normalised."""
    found = sandbox.users[user]
    return {f"mailto:{found.email.lower()}"} if found.email else set()


def user_of(sandbox: Sandbox, address: str) -> str | None:
    if not address.startswith("mailto:"):
        return None
    return next((user.id for user in sandbox.users.values() if user.email and user.email.lower() == address[7:]), None)


def normal(line: Line | None) -> str:
    value = line.value.strip() if line else ""
    return value.lower() if value.lower().startswith("mailto:") else value


def parts(root: Component | None) -> list[Component]:
    return root.main() if root else []


def attendees(root: Component | None) -> dict[str, Line]:
    """The first ATTENDEE line of every address that the server schedules for."""
    found: dict[str, Line] = {}
    for component in parts(root):
        for line in component.all("ATTENDEE"):
            if (line.param("SCHEDULE-AGENT") or "SERVER").upper() == "SERVER":
                found.setdefault(normal(line), line)
    return found


def organizer(root: Component | None) -> Line | None:
    return next((line for component in parts(root) for line in component.all("ORGANIZER")), None)


def changed(sandbox: Sandbox, user: str, old: Component | None, new: Component) -> None:
    """Send what follows from storing `new`, and write SCHEDULE-STATUS into it."""
    who = organizer(new)
    if who is None or (who.param("SCHEDULE-AGENT") or "SERVER").upper() != "SERVER":
        return
    own = addresses(sandbox, user)
    messages = requests(sandbox, old, new, own) if normal(who) in own else replies(sandbox, old, new, own)
    for message in messages:
        status = deliver(sandbox, message, user)
        for component in parts(new):
            for line in component.lines:
                if line.name in ("ATTENDEE", "ORGANIZER") and normal(line) == message.recipient and normal(line) not in own:
                    line.set_param("SCHEDULE-FORCE-SEND", None)
                    line.set_param("SCHEDULE-STATUS", status)


def deleted(sandbox: Sandbox, user: str, old: Component) -> None:
    """Cancel for the attendees when the organizer deletes; decline when an attendee does."""
    who, own = organizer(old), addresses(sandbox, user)
    if who is None:
        return
    if normal(who) in own:
        for address in attendees(old).keys() - own:
            deliver(sandbox, Message("CANCEL", normal(who), address, invitation(sandbox, old, "CANCEL")), user)
        return
    mine = next((line for address, line in attendees(old).items() if address in own), None)
    if mine is not None and (mine.param("PARTSTAT") or "").upper() != "DECLINED":
        deliver(sandbox, reply(sandbox, old, mine, "DECLINED"), user)


def requests(sandbox: Sandbox, old: Component | None, new: Component, own: set[str]) -> list[Message]:
    sender, before, now = normal(organizer(new)), attendees(old), attendees(new)
    significant = fingerprint(old) != fingerprint(new)
    messages = [
        Message("REQUEST", sender, address, invitation(sandbox, new, "REQUEST"), significant or address not in before)
        for address in now
        if address not in own
    ]
    gone = [address for address in before if address not in now and address not in own]
    return messages + [Message("CANCEL", sender, address, invitation(sandbox, old or new, "CANCEL")) for address in gone]


def fingerprint(root: Component | None) -> list[str]:
    return [str(line) for component in parts(root) for line in component.lines if line.name in SIGNIFICANT]


def invitation(sandbox: Sandbox, source: Component, method: str) -> Component:
    components = deepcopy(source.children)
    for component in components:
        if component.name == "VTIMEZONE":
            continue
        component.children = [child for child in component.children if child.name != "VALARM"]
        for line in component.lines:
            line.params = [(key, value) for key, value in line.params if key not in MINE]
        component.replace("DTSTAMP", stamp_at(sandbox.now()))
    return calendar(components, method)


def replies(sandbox: Sandbox, old: Component | None, new: Component, own: set[str]) -> list[Message]:
    """What an attendee's change of heart sends to the organizer."""
    if old is None:
        return []
    before, now = partstats(old, own), partstats(new, own)
    if before == now:
        return []
    mine = next((line for address, line in attendees(new).items() if address in own), None)
    return [reply(sandbox, new, mine)] if mine is not None else []


def partstats(root: Component, own: set[str]) -> dict[str, str]:
    return {
        component.value("RECURRENCE-ID"): (line.param("PARTSTAT") or "NEEDS-ACTION").upper()
        for component in parts(root)
        for line in component.all("ATTENDEE")
        if normal(line) in own
    }


def reply(sandbox: Sandbox, source: Component, mine: Line, partstat: str | None = None) -> Message:
    events: list[Component] = []
    for component in parts(source):
        keep = ("UID", "SEQUENCE", "DTSTART", "DTEND", "DUE", "DURATION", "SUMMARY", "RECURRENCE-ID")
        lines = [Line("DTSTAMP", stamp_at(sandbox.now())), *(deepcopy(line) for line in component.lines if line.name in keep)]
        own = next((line for line in component.all("ATTENDEE") if normal(line) == normal(mine)), mine)
        answer = [("PARTSTAT", partstat or own.param("PARTSTAT") or "NEEDS-ACTION")]
        answer += [("CN", value) for name, value in own.params if name == "CN"]
        lines += [Line("ORGANIZER", (organizer(source) or mine).value), Line("ATTENDEE", mine.value, answer)]
        events.append(Component(component.name, lines))
    return Message("REPLY", normal(mine), normal(organizer(source)), calendar(events, "REPLY"))


def deliver(sandbox: Sandbox, message: Message, sender: str) -> str:
    """Hand a message to a local user, if the address is one. The SCHEDULE-STATUS of RFC 6638, 3.2.9."""
    if message.method == "REQUEST" and message.significant:
        recent.note(sandbox, sender, message.recipient.removeprefix("mailto:"))
    user = user_of(sandbox, message.recipient)
    if user is not None:
        receive(sandbox, user, message)
    if message.significant:
        return MAIL_FAILED
    return DELIVERED if user is not None else UNKNOWN_USER


def receive(sandbox: Sandbox, user: str, message: Message) -> None:
    """Put the message into the inbox and apply it to the user's calendars."""
    name = state.new_name()
    uid = message.content.main()[0].value("UID")
    kind = message.content.main()[0].name
    known = state.find_uid(sandbox, user, uid)
    if known is None and message.method != "REQUEST":
        return
    now = int(sandbox.now())
    body = str(message.content).encode()
    state.calendars(sandbox).inbox(user)[name] = Item(sandbox.next_id(), name, body, now, uid, kind)
    if known is None:
        personal = state.find(sandbox, user, state.PERSONAL)
        if personal is None or any(item.uid == uid for item in personal.collection.trash.values()):
            return
        collection, item = personal.collection, Item(sandbox.next_id(), name, b"", now, uid, kind)
        root = calendar(message.content.children)
    else:
        collection, item = known
        root = parse(item.data.decode())
        apply(message, root)
    collection.put(Item(item.id, item.uri, str(root).encode(), now, uid, kind))


def apply(message: Message, root: Component) -> None:
    """Bring an existing object up to date with a message."""
    if message.method == "REQUEST":
        root.children = deepcopy(message.content.children)
    elif message.method == "CANCEL":
        for component in root.main():
            component.replace("STATUS", "CANCELLED")
    else:
        for answer in message.content.main():
            record_answer(root, answer, message.sender)


def record_answer(root: Component, answer: Component, sender: str) -> None:
    """Write an attendee's PARTSTAT into the organizer's object, for the series or the one occurrence that was answered."""
    mine = next(line for line in answer.all("ATTENDEE") if normal(line) == sender)
    wanted = answer.value("RECURRENCE-ID")
    same = [component for component in root.main() if component.value("RECURRENCE-ID") == wanted]
    for line in lines_of(same or root.main(), sender):
        line.set_param("PARTSTAT", mine.param("PARTSTAT"))
        line.set_param("SCHEDULE-STATUS", SUCCESS)
        line.set_param("RSVP", None)


def lines_of(components: Iterable[Component], address: str) -> Iterable[Line]:
    return (line for component in components for line in component.all("ATTENDEE") if normal(line) == address)
