"""Attendees and the organizer of a meeting (RFC 5545 3.8.4.1, 3.8.4.3)."""

from dataclasses import dataclass
from email.utils import getaddresses

from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line, line


@dataclass(frozen=True)
class Address:
    """A person by mail address; `name` may be empty."""

    mail: str
    name: str = ""


def parse_people(text: str, argument: str = "attendees") -> list[Address]:
    """Comma-separated mail addresses, also as `Name <address>`. Raises InvalidValue with what is none."""
    found = [Address(mail.strip().removeprefix("mailto:"), name) for name, mail in getaddresses([text.replace("mailto:", "")])]
    if not text.strip():
        return []
    wrong = [one.mail or one.name or text for one in found if "@" not in one.mail.strip("@") or " " in one.mail]
    if wrong:
        raise InvalidValue(f"{argument}: {wrong[0]!r} is no mail address.", hint="Separate addresses by commas.")
    return list({one.mail.casefold(): one for one in found}.values())


def mail_of(prop: Line) -> str:
    """The address of ATTENDEE or ORGANIZER without `mailto:`."""
    value = prop.value.strip()
    return value[7:] if value[:7].casefold() == "mailto:" else value


def _mail(prop: Line) -> str:
    return mail_of(prop).casefold()


def attendees_of(item: Component) -> list[Line]:
    return item.lines("ATTENDEE")


def participation(item: Component) -> dict[str, str]:
    """What each attendee answered."""
    return {mail_of(one): (one.parameter("PARTSTAT") or "NEEDS-ACTION").upper() for one in attendees_of(item)}


def set_attendees(item: Component, wanted: list[Address], organizer: Address | None) -> None:
    """Makes these the attendees; who stays keeps the line as it is. The first invitation names the organizer."""
    kept = {one.mail.casefold() for one in wanted}
    item.content = [one for one in item.content if not (isinstance(one, Line) and one.name == "ATTENDEE" and _mail(one) not in kept)]
    staying = {_mail(one) for one in attendees_of(item)}
    for one in wanted:
        if one.mail.casefold() not in staying:
            item.add(_invited(one))
    if wanted and organizer and not item.first("ORGANIZER"):
        item.put(line("ORGANIZER", f"mailto:{organizer.mail}", {"CN": organizer.name} if organizer.name else None))


def _invited(person: Address) -> Line:
    parameters = {"CN": person.name} if person.name else {}
    return line(
        "ATTENDEE",
        f"mailto:{person.mail}",
        {**parameters, "CUTYPE": "INDIVIDUAL", "PARTSTAT": "NEEDS-ACTION", "ROLE": "REQ-PARTICIPANT", "RSVP": "TRUE"},
    )
