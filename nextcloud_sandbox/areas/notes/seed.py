"""Demo notes: those of demo.md, and a weekly journal."""

from datetime import UTC, datetime
from pathlib import Path

from nextcloud_sandbox.areas.notes.service import Notes
from nextcloud_sandbox.core import Sandbox

WEEK = 7 * 86_400
WEEKS = 40
DONE = ("finished the draft of the offer", "fixed the export of time sheets", "cleaned up the shared folder", "wrote the on-boarding guide")
NEXT = ("talk to the agency about the design", "test the backup", "prepare the workshop", "answer the open questions of the customers")
LIFE = ("Choir practice was moved to Wednesday.", "First frost of the year.", "Bob lent me the ladder.", "The neighbours have a new dog.")


def seed(sandbox: Sandbox) -> None:
    now = int(sandbox.now())
    text = (Path(__file__).parent / "demo.md").read_text(encoding="utf-8")
    for number, block in enumerate(text.split("=== ")[1:]):
        head, _, content = block.partition("\n")
        user, category, title = (part.strip() for part in head.split("|"))
        Notes(sandbox, user).create(title, content.strip() + "\n", category, number % 7 == 0, now - (number + 1) * 3 * 86_400)
    for week in range(WEEKS):
        journal(sandbox, now - (week + 1) * WEEK, week)


def journal(sandbox: Sandbox, moment: int, number: int) -> None:
    year, week, _ = datetime.fromtimestamp(moment, UTC).isocalendar()
    choose = number % 4
    lines = [f"# Week {week}", "", f"- Done: {DONE[choose]}", f"- Next: {NEXT[(choose + number // 4) % 4]}", "", LIFE[(number // 2) % 4]]
    Notes(sandbox, "alice").create(f"Journal {year}-{week:02}", "\n".join(lines) + "\n", f"Journal/{year}", modified=moment)
