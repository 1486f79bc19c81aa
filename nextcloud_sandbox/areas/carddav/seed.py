"""Demo contacts: vCard 3 and 4, photos, groups, grouped and foreign properties."""

from uuid import NAMESPACE_DNS, uuid5

from nextcloud_sandbox.areas.carddav import cards, state
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.dav import DAV
from nextcloud_sandbox.groupware import recent
from nextcloud_sandbox.groupware.davxml import text
from nextcloud_sandbox.groupware.store import View
from nextcloud_sandbox.groupware.vobject import PRODID, Component, Line, escape, parse_line

FAMILIES = [
    "Nair",
    "Petrova",
    "Weber",
    "Müller",
    "Øster",
    "García",
    "O'Brien",
    "Nguyễn",
    "Kowalska",
    "Dupont",
    "Rossi",
    "Yamamoto",
    "Haddad",
    "Okafor",
    "Lindqvist",
    "Sørensen",
    "Costa",
    "Novák",
]
GIVEN = [
    "Priya",
    "Olga",
    "Tom",
    "Jürgen",
    "Åse",
    "Ana",
    "Siobhán",
    "Minh",
    "Zofia",
    "Camille",
    "Luca",
    "Haruka",
    "Layla",
    "Chinedu",
    "Elin",
    "Mads",
    "Inês",
    "Jan",
    "Mia",
    "Noah",
]
COMPANIES = ["Example GmbH", "Northwind Traders", "Contoso; Research & Development", "Universität Musterstadt", "Fabrikam, Inc."]
TITLES = ["Engineer", "Head of Design", "Accountant", "Professor", "Sales", "Physician"]
CITIES = [
    ("Berlin", "10115", "Germany"),
    ("København", "1050", "Denmark"),
    ("Lisboa", "1100-148", "Portugal"),
    ("Boston, MA", "02108", "USA"),
]
GROUPS = ["Work", "Friends", "Family", "Book club"]
SPECIAL = {
    "Tom Weber": ["NICKNAME:Tommy", "NOTE:Allergic to nuts.\\nBirthday party in the garden.", "X-SPOUSE:Ana", "X-PHONETIC-FIRST-NAME:tomm"],
    "Priya Nair": [
        "item1.URL:https://priya.example.com/",
        "item1.X-ABLABEL:_$!<HomePage>!$_",
        "IMPP;X-SERVICE-TYPE=matrix:matrix:u/priya:example.com",
    ],
    "Olga Petrova": ["X-SOCIALPROFILE;TYPE=mastodon:https://social.example.com/@olga", "TZ:Europe/Berlin", "LANG:de"],
}


def seed(sandbox: Sandbox) -> None:
    contacts = book(sandbox, "alice", state.CONTACTS)
    for number in range(52):
        put(sandbox, contacts, person(number))
    put(sandbox, contacts, company())
    put(sandbox, contacts, group(contacts, number=3))
    club = View(state.create(sandbox, "alice", "club", {f"{DAV}displayname": text("Chess club")}), "alice", "club")
    for number in range(60, 68):
        put(sandbox, club, person(number))
    for number in range(100, 118):
        put(sandbox, book(sandbox, "bob", state.CONTACTS), person(number))
    for address in ("bob@example.org", "priya.nair@example.com"):
        recent.note(sandbox, "alice", address)


def book(sandbox: Sandbox, user: str, uri: str) -> View:
    return next(view for view in state.home(sandbox, user) if view.uri == uri)


def put(sandbox: Sandbox, view: View, card: Component) -> None:
    cards.put(sandbox, view, f"{card.value('UID')}.vcf", str(card).encode())


def uid_of(number: int) -> str:
    return str(uuid5(NAMESPACE_DNS, f"contact-{number}.example.org"))


def names(number: int) -> tuple[str, str]:
    """(given, family); the first few keep their partners of the other demo data."""
    return GIVEN[number % len(GIVEN)], FAMILIES[(number + number // len(GIVEN) * 5) % len(FAMILIES)]


def person(number: int) -> Component:
    """Every third card is vCard 4; some have a photo, an address, a birthday, with and without its year."""
    given, family = names(number)
    version = "4.0" if number % 3 == 2 else "3.0"
    mail = f"{ascii_name(given)}.{ascii_name(family)}@example.com"
    lines = [f"VERSION:{version}", f"PRODID:{PRODID}", f"UID:{uid_of(number)}", f"FN:{escape(f'{given} {family}')}"]
    lines += [f"N:{escape(family)};{escape(given)};;;", f"EMAIL;TYPE={'work' if version == '4.0' else 'WORK'}:{mail}"]
    lines += phone_lines(number, version) + work_lines(number) + place_lines(number) + day_lines(number, version)
    if number % 5:
        lines.append(f"CATEGORIES:{','.join(sorted({GROUPS[number % 4], GROUPS[number % 3]}))}")
    lines += SPECIAL.get(f"{given} {family}", []) if number < len(GIVEN) else []
    lines.append(f"REV:2026{number % 12 + 1:02}15T101500Z")
    return Component("VCARD", [*map(parse_line, lines), *photo_lines(number, version)])


def ascii_name(name: str) -> str:
    known = str.maketrans("üØøÅåíáńãéêễ'", "uOoAaiaaaeee-")
    return name.translate(known).encode("ascii", "ignore").decode().lower()


def phone_lines(number: int, version: str) -> list[str]:
    cell = f"+49 151 {5550000 + number * 37}"
    if version == "4.0":
        return [f'TEL;VALUE=uri;PREF=1;TYPE="voice,cell":tel:{cell.replace(" ", "-")}']
    return [f"TEL;TYPE=CELL,VOICE:{cell}"] + ([f"TEL;TYPE=HOME:+49 30 {9000 + number}"] if number % 2 else [])


def work_lines(number: int) -> list[str]:
    if number % 4 == 3:
        return []
    company = COMPANIES[number % len(COMPANIES)].split("; ")
    return [f"ORG:{';'.join(map(escape, company))}", f"TITLE:{TITLES[number % len(TITLES)]}"]


def place_lines(number: int) -> list[str]:
    if number % 3 == 1:
        return []
    city, code, country = CITIES[number % len(CITIES)]
    return [f"ADR;TYPE=HOME:;;Garden Street {number + 1};{escape(city)};;{code};{country}"]


def day_lines(number: int, version: str) -> list[str]:
    month, day, year = number % 12 + 1, number % 28 + 1, 1950 + number
    if number % 4 == 1:
        return []
    if number % 7 == 6:
        return [f"BDAY:--{month:02}{day:02}"] if version == "4.0" else [f"BDAY;X-APPLE-OMIT-YEAR=1604:1604-{month:02}-{day:02}"]
    return [f"BDAY:{year}{month:02}{day:02}"] if version == "4.0" else [f"BDAY;VALUE=DATE:{year}-{month:02}-{day:02}"]


def photo_lines(number: int, version: str) -> list[Line]:
    if number % 6:
        return []
    data = state.avatar(f"contact {number}")
    if version == "4.0":
        return [Line("PHOTO", f"data:image/png;base64,{data}")]
    return [Line("PHOTO", data, [("ENCODING", "b"), ("TYPE", "PNG")])]


def company() -> Component:
    lines = ["VERSION:4.0", f"UID:{uid_of(1000)}", "KIND:org", "FN:Stadtwerke Musterstadt", "ORG:Stadtwerke Musterstadt"]
    lines += ["TEL;VALUE=uri;TYPE=work:tel:+49-800-555-0199", "URL:https://stadtwerke.example", "NOTE:Customer number 4711-0815"]
    return Component("VCARD", [parse_line(line) for line in lines])


def group(contacts: View, *, number: int) -> Component:
    """A group with members, as Apple and others keep them."""
    members = list(contacts.collection.items.values())[:number]
    lines = ["VERSION:3.0", f"UID:{uid_of(1001)}", "FN:Climbing friends", "N:Climbing friends;;;;", "X-ADDRESSBOOKSERVER-KIND:group"]
    return Component(
        "VCARD", [parse_line(line) for line in lines + [f"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{item.uid}" for item in members]]
    )
