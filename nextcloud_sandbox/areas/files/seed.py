"""Demo files of alice and bob: documents of several kinds with comments, tags, favourites, versions and a trash bin."""

from collections.abc import Iterator
from datetime import UTC, datetime

from nextcloud_sandbox.areas.files import comments
from nextcloud_sandbox.areas.files.tags import Tag, tags_of
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.documents import docx, pdf, png

DAY = 86_400
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
CUSTOMERS = ("Meyer GmbH", "Okafor Consulting", "Brandt & Sons", "Lindgren AB")
TOPICS = ("budget", "on-boarding", "website relaunch", "data migration", "office move", "customer workshop")
TAGS = {"important": "e9322d", "to read": "0082c9", "2026": "", "confidential": "f0c000"}
PLAN = ["# Website relaunch", "", "The new site goes live on 15 March. Static pages come first, the shop follows in May."]
LETTERS = {
    "Documents/Letters/Landlord heating.docx": [
        "Dear Ms Okafor,",
        "the heating in the hall has been cold since Monday.",
        "Kind regards, Alice",
    ],
    "Documents/Letters/Insurance bicycle.docx": [
        "To the insurance",
        "On 3 May my bicycle was stolen in front of the library. Frame number WTU 3321.",
    ],
    "Projects/Offer Meyer.docx": ["Offer 2026-17", "Single sign-on and reports by mail, 14 days of work, valid for 30 days."],
}
TEXTS = {
    "Readme.md": "# Welcome\n\nThis is a sandbox: nothing here is real, and everything may be changed.\n",
    "Documents/Meter readings.csv": "date,electricity,water\n2026-03-31,4471,208\n2026-06-30,4803,221\n2026-09-30,5110,233\n",
    "Documents/Emergency numbers.txt": "Doctor 030 555 0110\nHeating 030 555 0142\nLocksmith 030 555 0199\n",
    "Projects/Website/sitemap.txt": "/\n/about\n/shop\n/blog\n/contact\n",
    "Projects/Website/config.json": '{"title": "Relaunch", "languages": ["de", "en"], "shop": false}\n',
    "Projects/Website/index.html": "<!DOCTYPE html><title>Relaunch</title><h1>Coming in March</h1>\n",
    "Projects/Migration/mapping.csv": "old,new\nCUST_NO,id\nNAME1,name\nPLZ,postcode\n",
    "Travel/Lisbon/ticket.txt": "Porto Campanhã 10:40 - Lisboa Oriente 13:32, coach 5, seat 41\n",
    "Templates/Meeting minutes.md": "# Meeting\n\nPresent:\n\n## Decisions\n\n## To do\n",
    "Ünïcode & spaces/100% sure? #1.txt": "Names may hold %, #, ?, & and letters beyond ASCII.\n",
}
BOB = {
    "Readme.md": "# Bob's files\n",
    "Newsletter/October.md": "# October\n\nNight trains, repair cafés and the beekeeper next door.\n",
    "Newsletter/November.md": "# November\n\nWhat the website relaunch changes for you.\n",
    "Training/plan.csv": "week,kilometres\n1,24\n2,27\n3,30\n",
}


def seed(sandbox: Sandbox) -> None:
    now = int(sandbox.now())
    content = list(documents(now))
    for age, (path, data) in zip(range(len(content), 0, -1), content, strict=True):
        with sandbox.at(now - age * 2 * DAY):
            sandbox.files("alice").write(path, data, parents=True, uploaded=True)
    for path, text in BOB.items():
        sandbox.files("bob").write(path, text.encode(), mtime=now - 9 * DAY, parents=True, uploaded=True)
    history(sandbox, now)
    remarks(sandbox, now)


def documents(now: int) -> Iterator[tuple[str, bytes]]:
    """Alice's files, the oldest first."""
    for number in range(24):
        yield minutes(now - (48 - 2 * number) * 7 * DAY, number)
    for number in range(24):
        yield invoice(now, number)
    for number, month in enumerate(MONTHS):
        rows = "".join(
            f"{day:02}.{number + 1:02}.,{what},{amount}.00\n" for day, what, amount in ((1, "rent", 890), (9, "groceries", 74 + number))
        )
        yield f"Documents/Expenses/2026-{number + 1:02} {month}.csv", ("date,what,amount\n" + rows).encode()
    for number in range(36):
        yield f"Photos/2026/IMG_{1000 + number}.png", png(number * 7, 160 - number * 4, 90)
    yield from ((path, docx(lines)) for path, lines in LETTERS.items())
    yield from ((path, text.encode()) for path, text in TEXTS.items())


def minutes(moment: int, number: int) -> tuple[str, bytes]:
    day, topic = datetime.fromtimestamp(moment, UTC).date(), TOPICS[number % len(TOPICS)]
    other = TOPICS[(number + 2) % len(TOPICS)]
    text = (
        f"# Team meeting {day}\n\nPresent: Alice, Bob\n\n## Decisions\n\n1. The {topic} goes on as planned.\n2. Bob prepares the {other}.\n"
    )
    return f"Projects/Minutes/{day} {topic}.md", text.encode()


def invoice(now: int, number: int) -> tuple[str, bytes]:
    customer, name = CUSTOMERS[number % len(CUSTOMERS)], f"2026-{number + 1:03}"
    total = 400 + number * 35
    lines = [
        f"Invoice {name}",
        f"To: {customer}",
        "",
        f"Consulting, {number % 5 + 1} days",
        f"Total: {total}.00 EUR",
        "Payable within 14 days.",
    ]
    return f"Documents/Invoices/{name} {customer}.pdf", pdf(lines)


def history(sandbox: Sandbox, now: int) -> None:
    """A file with earlier versions, and a trash bin."""
    files = sandbox.files("alice")
    for version in range(1, 5):
        with sandbox.at(now - (20 - version * 4) * DAY):
            files.write("Projects/Website/Plan.md", "\n".join([*PLAN, "", f"Version {version}."]).encode())
    for number, name in enumerate(("Old logo.png", "Draft offer.md", "Notes from the phone.txt")):
        with sandbox.at(now - (number + 1) * DAY):
            files.write(f"Documents/{name}", f"{name}\n".encode())
            files.delete(f"Documents/{name}")
    with sandbox.at(now - 5 * DAY):
        files.write("Projects/Abandoned/Ideas.md", b"# Ideas\n", parents=True)
        files.delete("Projects/Abandoned")


def remarks(sandbox: Sandbox, now: int) -> None:
    """Tags, favourites and comments."""
    files, tags = sandbox.files("alice"), tags_of(sandbox)
    made: dict[str, Tag] = {name: tags.create(name, color=color) for name, color in TAGS.items()}
    for number, entry in enumerate(files.walk("/Documents/Invoices")):
        tags.assign(entry.node.id, made["2026"])
        if number % 6 == 1:
            tags.assign(entry.node.id, made["important"])
    plan = files.get("/Projects/Website/Plan.md").node
    tags.assign(plan.id, made["to read"])
    for path in ("/Projects/Website/Plan.md", "/Documents/Emergency numbers.txt", "/Travel/Lisbon"):
        files.set_favorite(files.get(path).node, True)
    for hours, text in ((30, "First draft, please have a look @bob"), (6, "The shop moves to May."), (2, "Redirects are done.")):
        with sandbox.at(now - hours * 3600):
            comments.add(sandbox, "alice", plan.id, text)
