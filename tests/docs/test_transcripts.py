"""The transcripts in the how-to pages are what the tools really answer.

`ACCEPT_TRANSCRIPTS=1` writes the answers anew.
"""

import itertools
import os
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from nextcloud_mcp_server.server.catalog import Catalog, find_apps
from nextcloud_sandbox.areas.notifications import notify
from nextcloud_sandbox.server import running
from tests.docs.transcripts import PAGES, Page
from tests.support.assistant import Assistant, session

ACCEPT = os.environ.get("ACCEPT_TRANSCRIPTS") == "1"
ELSEWHERE = {"auth", "semantic"}
"""Signing in and search have pages of their own."""
README = Path(__file__).parent.parent.parent / "README.md"
TABLE = {"baseNodeType": "table", "mandatory": False}


@pytest.fixture
async def alice() -> AsyncGenerator[Assistant]:
    """Alice with a table and a notification (assistants make neither), where no two things happen in one second."""
    ticks = itertools.count(int(time.time()))
    async with running(seed=False, clock=lambda: float(next(ticks))) as sandbox:
        person = session(sandbox.url, "alice", "alice")
        made = await person.request(
            "POST", "/index.php/apps/tables/api/1/tables", what="it", json={"title": "Milestones", "template": "custom"}
        )
        for kind, title, subtype in (("text", "Milestone", "line"), ("datetime", "Due", "date")):
            fields = {**TABLE, "baseNodeId": made.json()["id"], "title": title, "subtype": subtype}
            await person.ocs("POST", f"/apps/tables/api/2/columns/{kind}", what="it", json=fields)
        notify(sandbox.sandbox, "alice", "files_sharing", "Bob shared plan.md with you")
        yield Assistant(person)
        await person.transport.aclose()


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda path: path.stem)
async def test_the_transcripts_of_a_page_are_real(path: Path, alice: Assistant) -> None:
    page = Page(path)
    if ACCEPT:
        await page.rewrite(alice)
        return
    await page.run(alice)
    assert page.answers
    assert page.differences == []


def test_every_app_has_a_page_and_the_readme_names_it() -> None:
    apps = {name for name, app in Catalog(find_apps()).apps.items() if app.tools.tools} - ELSEWHERE
    assert {path.stem for path in PAGES.glob("*.md")} == apps
    assert [name for name in sorted(apps) if f"docs/howto/apps/{name}.md" not in README.read_text()] == []


def test_a_wrong_transcript_is_noticed() -> None:
    page = Page(Path("none"))
    page.compare({"id": 1, "title": "a"}, {"id": 7, "title": "a"}, "tool")
    assert page.differences == []
    assert page.known == {1: 7}
    page.compare({"title": "b"}, {"title": "a"}, "tool")
    page.compare({"gone": 1}, {}, "tool")
    assert len(page.differences) == 2
