"""A day's work through two clients of different makers, over HTTP, and what Nextcloud holds afterwards."""

import asyncio
import json
import re
import shutil
import uuid
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp import Client

from nextcloud_sandbox.server import Running
from tests.conftest import NOTES
from tests.e2e.conftest import environment, server
from tests.e2e.everyday import CARD, STEPS
from tests.support.assistant import session

TYPESCRIPT = Path(__file__).parent.parent / "clients" / "typescript"
FIELD = re.compile(r"\{(\w+)\.([\w.]+)\}")


def filled(value: Any, name: str, answers: dict[str, Any]) -> Any:
    if isinstance(value, str):
        return FIELD.sub(lambda match: str(looked_up(answers[match[1]], match[2])), value.replace("{name}", name))
    if isinstance(value, list):
        return [filled(one, name, answers) for one in value]
    return {key: filled(one, name, answers) for key, one in value.items()} if isinstance(value, dict) else value


def looked_up(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


async def python_client(url: str, name: str) -> dict[str, Any]:
    async with Client(url) as client:
        answers: dict[str, Any] = {"tools": [tool.name for tool in (await client.list_tools()).tools]}
        for step in STEPS:
            result = await client.call_tool(step["tool"], filled(step["arguments"], name, answers))
            content = result.content[0]
            assert isinstance(content, types.TextContent)
            assert not result.is_error, f"{step['tool']}: {content.text}"
            answers[step.get("as", step["tool"])] = json.loads(content.text)
        return answers


async def typescript_client(url: str, name: str) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None or not (TYPESCRIPT / "node_modules").is_dir():
        NOTES.append("skipped: the TypeScript client (needs node and `npm ci` in tests/clients/typescript, which `make test` does)")
        pytest.skip("the TypeScript client is not installed")
    process = await asyncio.create_subprocess_exec(
        node, "everyday.mjs", url, name, json.dumps(STEPS), cwd=TYPESCRIPT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, said.decode()
    return json.loads(out)


@pytest.mark.parametrize("client", [python_client, typescript_client], ids=["python", "typescript"])
async def test_a_days_work_leaves_what_was_asked_for_and_nothing_else_changed(sandbox: Running, client: Any) -> None:
    name = f"day-{uuid.uuid4().hex[:8]}"
    person = session(sandbox.url, "alice", "alice")
    card = f"/remote.php/dav/addressbooks/users/alice/contacts/{name}.vcf"
    before = CARD.format(name=name)
    await person.request("PUT", card, what="the card", data=before.encode(), headers={"Content-Type": "text/vcard"})
    async with server(environment(sandbox)) as served:
        answers = await client(f"{served.url}/mcp", name)
    after = (await person.request("GET", card, what="the card")).body.decode()
    await person.transport.aclose()

    assert "nc_calendar_create_event" in answers["tools"]
    assert answers["file"]["content"] == "plan"
    occurrences = [(one["summary"], one["start"], one["start_tz"]) for one in answers["after"]["events"]]
    assert occurrences == [
        ("Weekly call", "2026-12-01T09:00:00-05:00", "America/New_York"),
        ("Weekly call, moved", "2026-12-08T11:00:00-05:00", "America/New_York"),
        ("Weekly call", "2026-12-15T09:00:00-05:00", "America/New_York"),
        ("Weekly call", "2026-12-22T09:00:00-05:00", "America/New_York"),
    ]
    assert answers["series"]["attendees"] == "bob@example.test"
    assert [reminder["minutes_before"] for reminder in answers["series"]["reminders"]] == [45]
    assert (answers["completed"]["status"], answers["completed"]["percent_complete"]) == ("COMPLETED", 100)
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert "TITLE:Rear Admiral" in after
