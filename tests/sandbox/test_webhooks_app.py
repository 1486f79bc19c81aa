"""What the sandbox sends to webhooks, beside what a real Nextcloud 32 sent."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tests.sandbox.exchanges import CAPTURES
from tests.sandbox.person import Person, files

API = "/ocs/v2.php/apps/webhook_listeners/api/v1/webhooks"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261120T000000Z\r\n"
    "DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nSUMMARY:A\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@dataclass
class Hook:
    """Where webhooks arrive; `heard` are headers and bodies."""

    url: str = ""
    heard: "asyncio.Queue[tuple[dict[str, str], dict[str, Any]]]" = field(default_factory=asyncio.Queue)

    async def next(self) -> tuple[dict[str, str], dict[str, Any]]:
        return await asyncio.wait_for(self.heard.get(), 10)


@pytest.fixture
async def hook() -> AsyncGenerator[Hook]:
    one = Hook()

    async def take(request: web.Request) -> web.Response:
        one.heard.put_nowait((dict(request.headers), json.loads(await request.read())))
        return web.Response(status=500)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield one
    await runner.cleanup()


async def register(admin: Person, hook: Hook, event: str, **more: Any) -> int:
    body = {
        "httpMethod": "POST",
        "uri": hook.url,
        "event": event,
        "authMethod": "header",
        "authData": {"Authorization": "Bearer s"},
        **more,
    }
    answer = await admin.ask("POST", f"{API}?format=json", data=body)
    assert answer.status == 200
    return answer.json()["ocs"]["data"]["id"]


def recorded(name: str) -> tuple[dict[str, str], dict[str, Any]]:
    lines = [json.loads(line) for line in (CAPTURES / "webhooks" / "delivered.jsonl").read_text().splitlines()]
    found = next(line for line in lines if name in line["body"] and "Authorization" in line["headers"])
    return found["headers"], json.loads(found["body"])


def keys(value: Any) -> Any:
    return {name: keys(inner) for name, inner in value.items()} if isinstance(value, dict) else type(value)


@pytest.mark.parametrize("name", ["NodeCreatedEvent", "NodeWrittenEvent"])
async def test_a_new_file_is_told_as_nextcloud_tells_it(alice: Person, admin: Person, hook: Hook, name: str) -> None:
    await register(admin, hook, f"OCP\\Files\\Events\\Node\\{name}")
    await alice.ask("PUT", files("hook.txt"), b"x")
    headers, body = await hook.next()
    real_headers, real = recorded(name)
    assert keys(body) == keys(real)
    assert (body["event"]["class"], body["user"]) == (real["event"]["class"], real["user"])
    assert body["event"]["node"]["path"] == "/alice/files/hook.txt"
    assert set(headers) == set(real_headers) - {"X-Test"}
    assert headers["Authorization"] == "Bearer s"


async def test_a_new_event_names_its_calendar_and_owner(alice: Person, admin: Person, hook: Hook) -> None:
    await register(admin, hook, "OCP\\Calendar\\Events\\CalendarObjectCreatedEvent")
    await alice.ask("PUT", "/remote.php/dav/calendars/alice/personal/a.ics", EVENT.format(uid="a").encode(), Content_Type="text/calendar")
    _, body = await hook.next()
    real = recorded("CalendarObjectCreatedEvent")[1]["event"]
    assert keys(body["event"]["objectData"]) == keys(real["objectData"])
    assert body["event"]["calendarData"].keys() <= real["calendarData"].keys()
    assert body["event"]["calendarData"]["principaluri"] == "principals/users/alice"


async def test_a_deleted_file_is_told_with_its_id_before_and_without_after(alice: Person, admin: Person, hook: Hook) -> None:
    await alice.ask("PUT", files("gone.txt"), b"x")
    for name in ("BeforeNodeDeletedEvent", "NodeDeletedEvent"):
        await register(admin, hook, f"OCP\\Files\\Events\\Node\\{name}")
    await alice.ask("DELETE", files("gone.txt"))
    nodes = {body["event"]["class"].rpartition("\\")[2]: body["event"]["node"] for _, body in (await hook.next(), await hook.next())}
    assert set(nodes["BeforeNodeDeletedEvent"]) == {"id", "path"}
    assert set(nodes["NodeDeletedEvent"]) == {"path"}


async def test_a_filter_by_user_leaves_out_the_others(alice: Person, bob: Person, admin: Person, hook: Hook) -> None:
    await register(admin, hook, "OCP\\Files\\Events\\Node\\NodeCreatedEvent", eventFilter={"user.uid": "bob"})
    for person, name in ((alice, "alice"), (bob, "bob")):
        await person.ask("PUT", f"/remote.php/dav/files/{name}/{name}.txt", b"x")
    _, body = await hook.next()
    assert body["user"]["uid"] == "bob"
    assert hook.heard.empty()


async def test_nobody_but_an_administrator_registers_or_sees_webhooks(alice: Person, admin: Person, hook: Hook) -> None:
    id = await register(admin, hook, "OCP\\Files\\Events\\Node\\NodeCreatedEvent")
    for method, path in (("GET", API), ("POST", API), ("GET", f"{API}/{id}"), ("DELETE", f"{API}/{id}")):
        assert (await alice.ask(method, path)).status == 403
    assert (await admin.ask("DELETE", f"{API}/{id}")).status == 200
    await alice.ask("PUT", files("quiet.txt"), b"x")
    assert hook.heard.empty()
