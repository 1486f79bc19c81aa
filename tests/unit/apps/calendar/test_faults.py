"""Answers that are cut short, of another kind, or hostile: a clear error, and nothing is written."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from tests.support.assistant import Assistant, session

HOME = b"""<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response>
<d:href>/remote.php/dav/calendars/alice/work/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype>
<c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set></d:prop>
<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"""
EVENT = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20270504T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
PERSON = b'{"ocs":{"meta":{"status":"ok","statuscode":200},"data":{"id":"alice","timezone":"UTC"}}}'
WRITES = frozenset({"PUT", "DELETE", "MOVE", "MKCALENDAR", "PROPPATCH"})


def answer(status: str, body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close", *headers, "", ""]
    return "\r\n".join(head).encode() + body


@dataclass
class Nextcloud:
    """Answers each method with prepared bytes and remembers what was asked."""

    answers: dict[str, bytes] = field(default_factory=dict[str, bytes])
    asked: list[str] = field(default_factory=list[str])
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")), 0)
        await reader.readexactly(length)
        self.asked.append(method)
        writer.write(answer("200 OK", PERSON) if "/ocs/" in path else self.answers[method])
        await writer.drain()
        writer.close()

    @property
    def writes(self) -> list[str]:
        return [method for method in self.asked if method in WRITES]


@pytest.fixture
async def nextcloud() -> AsyncGenerator[Nextcloud]:
    made = Nextcloud({"PROPFIND": answer("207 Multi-Status", HOME)})
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


@pytest.fixture
async def alice(nextcloud: Nextcloud) -> AsyncGenerator[Assistant]:
    person = session(f"http://127.0.0.1:{nextcloud.port}", "alice", "x", concurrency=1)
    yield Assistant(person)
    await person.transport.aclose()


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (answer("207 Multi-Status", HOME[:200], length=5000), "cut short"),
        (answer("207 Multi-Status", HOME.removesuffix(b"</d:multistatus>")), "cut short"),
        (answer("200 OK", b"<!DOCTYPE html><html><body>Sign in</body></html>"), "the events of calendar"),
        (answer("207 Multi-Status", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + HOME[21:]), "refused"),
        (answer("200 OK", b""), "cut short"),
        (answer("429 Too Many Requests", b"", "Retry-After: 77"), "77 seconds"),
        (answer("503 Service Unavailable", b"", "Retry-After: 60"), "60 seconds"),
    ],
)
async def test_a_listing_that_is_none_is_an_error(nextcloud: Nextcloud, alice: Assistant, report: bytes, said: str) -> None:
    nextcloud.answers["REPORT"] = report
    assert said in await alice.error("nc_calendar_list_events", calendar_name="work")


@pytest.mark.parametrize(
    "stored",
    [
        answer("200 OK", b"<html>Sign in</html>"),
        answer("200 OK", EVENT[:60], 'ETag: "e"'),
        answer("200 OK", EVENT, 'ETag: "e"', length=5000),
        answer("200 OK", EVENT.replace(b"UID:u", b"UID:\xff"), 'ETag: "e"'),
        answer("500 Internal Server Error", b"<html>boom</html>"),
    ],
)
async def test_nothing_is_written_where_the_event_cannot_be_read(nextcloud: Nextcloud, alice: Assistant, stored: bytes) -> None:
    nextcloud.answers |= {"GET": stored, "REPORT": answer("200 OK", b"<html>Sign in</html>")}
    for tool, more in (("update_event", {"title": "x"}), ("delete_event", {})):
        assert await alice.error(f"nc_calendar_{tool}", calendar_name="work", event_uid="u", **more)
    assert nextcloud.writes == []


async def test_an_answer_without_an_etag_is_read_again(nextcloud: Nextcloud, alice: Assistant) -> None:
    nextcloud.answers |= {"GET": answer("200 OK", EVENT, 'ETag: "after"'), "PUT": answer("204 No Content", b"")}
    saved = await alice.call("nc_calendar_update_event", calendar_name="work", event_uid="u", title="x")
    assert (saved["etag"], nextcloud.asked[-2:]) == ("after", ["PUT", "GET"])


async def test_an_event_costs_one_request_to_read_and_two_to_change(nextcloud: Nextcloud, alice: Assistant) -> None:
    nextcloud.answers |= {"GET": answer("200 OK", EVENT, 'ETag: "e"'), "PUT": answer("204 No Content", b"", 'ETag: "f"')}
    await alice.call("nc_calendar_get_event", calendar_name="work", event_uid="u")
    nextcloud.asked.clear()
    await alice.call("nc_calendar_get_event", calendar_name="work", event_uid="u")
    assert nextcloud.asked == ["GET"]
    await alice.call("nc_calendar_update_event", calendar_name="work", event_uid="u", title="x")
    assert nextcloud.asked == ["GET", "GET", "PUT"]


async def test_a_write_that_breaks_off_is_not_repeated(nextcloud: Nextcloud, alice: Assistant) -> None:
    nextcloud.answers |= {"GET": answer("200 OK", EVENT, 'ETag: "e"'), "PUT": b""}
    assert "may or may not" in await alice.error("nc_calendar_update_event", calendar_name="work", event_uid="u", title="x")
    assert nextcloud.writes == ["PUT"]
