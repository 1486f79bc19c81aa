"""Generated people and documents: functions that `processes.Nextcloud.do` runs in the sandbox."""

import io
import random
import zipfile
import zlib

from nextcloud_sandbox.areas.caldav import objects
from nextcloud_sandbox.areas.caldav import state as calendars
from nextcloud_sandbox.areas.carddav import cards
from nextcloud_sandbox.areas.carddav import state as books
from nextcloud_sandbox.areas.deck.state import Decks
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.groupware.store import View

LONG_AGO = 1_700_000_000
IN_FOLDER = 50
# fmt: off
WORDS = [
    "the", "garden", "river", "mountain", "letter", "summer", "engine", "paper", "window", "bread", "of", "and", "to", "a", "in",
    "for", "with", "project", "meeting", "plan", "budget", "travel", "invoice", "kitchen", "answer", "weather", "school", "ticket",
]
# fmt: on


def sentences(chance: random.Random, count: int) -> str:
    return " ".join(" ".join(chance.choices(WORDS, k=12)).capitalize() + "." for _ in range(count))


def people(sandbox: Sandbox, count: int) -> list[tuple[str, str]]:
    """Makes people with a note each; their names and app passwords."""
    chance = random.Random(1)
    made: list[tuple[str, str]] = []
    with sandbox.at(LONG_AGO):
        for number in range(count):
            user = f"user{number}"
            sandbox.add_user(user, user)
            sandbox.files(user).write("/Notes/First.md", sentences(chance, 3).encode(), parents=True)
            made.append((user, sandbox.new_app_password(user).token))
    return made


def grow(sandbox: Sandbox, user: str, documents: int) -> int:
    """Gives a user about so many documents: 86 % files, 6 % notes (which are files too), 1 % each of events, contacts, cards; how many."""
    chance = random.Random(documents)
    notes, few = documents * 6 // 100, documents // 100
    files = documents - 2 * notes - 3 * few
    with sandbox.at(LONG_AGO):
        tree = sandbox.files(user)
        for number in range(files):
            folder = number // IN_FOLDER
            tree.write(f"/Work/{folder // 20}/{folder}/file {number}.txt", sentences(chance, 2).encode(), parents=True)
        for number in range(notes):
            tree.write(f"/Notes/{number // IN_FOLDER}/note {number}.md", sentences(chance, 2).encode(), parents=True)
        for number in range(few):
            write_event(sandbox, user, number, "first")
            write_contact(sandbox, user, number, "first")
        decks = Decks(sandbox)
        for board in range(0, few, IN_FOLDER):
            stack = decks.add_stack(decks.add_board(f"board {board}", user, "0082c9").id, "To do", 0)
            for number in range(board, min(few, board + IN_FOLDER)):
                decks.add_card(stack.id, f"card {number}", user, order=number, description=sentences(chance, 2))
    sandbox.requests.clear()
    return files + 2 * notes + 3 * few


def change(sandbox: Sandbox, user: str) -> int:
    """Ten documents change: six files in three folders, two notes (which are files too), an event, a contact; how many."""
    tree = sandbox.files(user)
    with sandbox.at(sandbox.now() - 60):
        for number in (0, 1, 50, 51, 100, 101):
            folder = number // IN_FOLDER
            tree.write(f"/Work/{folder // 20}/{folder}/file {number}.txt", b"Something new about crocuses.")
        for number in (0, 1):
            tree.write(f"/Notes/0/note {number}.md", b"A note of something new.")
        write_event(sandbox, user, 0, "second")
        write_contact(sandbox, user, 0, "second")
    sandbox.touch()
    sandbox.requests.clear()
    return 10


def write_event(sandbox: Sandbox, user: str, number: int, title: str) -> None:
    view = next(view for view in calendars.home(sandbox, user) if view.uri == calendars.PERSONAL)
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//EN", "BEGIN:VEVENT", f"UID:event-{number}", "DTSTAMP:20260101T000000Z",
        f"DTSTART:202601{number % 28 + 1:02}T100000Z", f"SUMMARY:{title} {number}", "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    objects.put(sandbox, view, f"event-{number}.ics", "\r\n".join(lines).encode(), schedule=False)


def write_contact(sandbox: Sandbox, user: str, number: int, title: str) -> None:
    view: View = next(view for view in books.home(sandbox, user) if view.uri == books.CONTACTS)
    lines = ("BEGIN:VCARD", "VERSION:3.0", f"UID:contact-{number}", f"FN:{title} {number}", "END:VCARD", "")
    cards.put(sandbox, view, f"contact-{number}.vcf", "\r\n".join(lines).encode())


def write_note(sandbox: Sandbox, user: str, name: str, text: str) -> None:
    sandbox.files(user).write(f"/Notes/{name}.md", text.encode(), parents=True)


MIX = (
    ("videos of 10 MB", 25, 10_000_000, "Videos/{}.mp4"),
    ("PDF files of 5 MB with ten pages of text", 20, 5_000_000, "Scans/{}.pdf"),
    ("texts of 60 MB, over the limit of what is read", 2, 60_000_000, "Dumps/{}.txt"),
    ("text of 1.5 MB", 1, 1_500_000, "Books/{}.txt"),
    ("word-processor files of 400 KB", 25, 400_000, "Letters/{}.docx"),
    ("texts of 2 KB", 400, 2_000, "Texts/{}.txt"),
)
"""What the tree consists of: how many, bytes of each, their names."""


def tree(sandbox: Sandbox, user: str) -> int:
    """Gives a user a tree of files of mixed kinds; its bytes."""
    chance = random.Random(1)
    makers = {"mp4": video, "pdf": pdf, "docx": docx, "txt": text}
    files, total = sandbox.files(user), 0
    with sandbox.at(LONG_AGO):
        for _, count, size, name in MIX:
            for number in range(count):
                content = makers[name.rpartition(".")[2]](chance, size)
                total += len(content)
                files.write(f"/{name.format(number)}", content, parents=True)
    sandbox.requests.clear()
    return total


def video(chance: random.Random, size: int) -> bytes:
    return chance.randbytes(size)


def text(chance: random.Random, size: int) -> bytes:
    """So many bytes, of which all after the first 64 KB say the same again."""
    some = sentences(chance, min(size, 2**16) // 70 + 1).encode()
    return (some * (size // len(some) + 1))[:size]


def docx(chance: random.Random, size: int) -> bytes:
    """Two pages of text and a picture."""
    body = f"<w:p><w:r><w:t>{sentences(chance, 40)}</w:t></w:r></w:p>"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>',
        )
        archive.writestr("word/media/image1.jpeg", chance.randbytes(size))
    return made.getvalue()


def pdf(chance: random.Random, size: int) -> bytes:
    """Ten pages of text, and a picture that takes the rest."""
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids: list[int] = []
    for _ in range(10):
        lines = b"".join(b"(%s) Tj T* " % sentences(chance, 1).encode() for _ in range(25))
        stream = zlib.compress(b"BT /F1 10 Tf 12 TL 40 800 Td " + lines + b"ET")
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream))
        kids.append(len(objects) + 1)
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font << /F1 << /Type /Font "
        objects.append(page % len(objects) + b"/Subtype /Type1 /BaseFont /Helvetica >> >> >> >>")
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count 10 >>" % b" ".join(b"%d 0 R" % kid for kid in kids)
    objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (size, chance.randbytes(size)))
    made = io.BytesIO(b"%PDF-1.4\n")
    made.seek(0, io.SEEK_END)
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(made.tell())
        made.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = made.tell()
    made.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places))
    made.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return made.getvalue()
