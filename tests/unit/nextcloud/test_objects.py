"""Names of collections and objects never lead out of a person's own home."""

from typing import Any

import pytest

from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.collections import BOOKS, CALENDARS
from nextcloud_mcp_server.nextcloud.objects import Collections, Stored
from tests.support.assistant import Assistant, session
from tests.support.wire import Exchange, reply, wire

PERSON = b'{"ocs":{"meta":{"status":"ok","statuscode":200},"data":{"id":"alice","timezone":"UTC"}}}'


class Calendars(Collections):
    kind = CALENDARS
    media = "text/calendar"


class Books(Collections):
    kind = BOOKS
    media = "text/vcard"


def home(kind: type[Collections]) -> Collections:
    person = session("http://nowhere.invalid", "alice", "x")
    person.user_id = "a@b c"
    return kind(person)


@pytest.mark.parametrize(("kind", "root"), [(Calendars, "calendars"), (Books, "addressbooks/users")])
async def test_every_name_is_one_segment_of_the_path(kind: type[Collections], root: str) -> None:
    assert await home(kind).path() == f"/remote.php/dav/{root}/a%40b%20c/"
    assert await home(kind).path("w ü#?%2F") == f"/remote.php/dav/{root}/a%40b%20c/w%20%C3%BC%23%3F%252F/"
    assert await home(kind).path("work", "a&b.ics") == f"/remote.php/dav/{root}/a%40b%20c/work/a%26b.ics"


@pytest.mark.parametrize("name", [".", "..", "../bob/personal", "a/b", "a\\b", "a\nb", "\0"])
async def test_a_name_that_is_no_segment_is_refused(name: str) -> None:
    for names in ((name,), ("work", name)):
        with pytest.raises(InvalidValue):
            await home(Calendars).path(*names)


@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("nc_calendar_list_events", {"calendar_name": "../bob/personal"}),
        ("nc_calendar_delete_event", {"calendar_name": "../bob/personal", "event_uid": "u"}),
        ("nc_calendar_create_event", {"calendar_name": "../bob/personal", "title": "x", "start_datetime": "2027-05-04"}),
        ("nc_contacts_delete_contact", {"addressbook": "../bob/contacts", "uid": "u"}),
        ("nc_contacts_delete_addressbook", {"name": ".."}),
        ("nc_contacts_get_contact", {"addressbook": "contacts", "uid": "../../x"}),
    ],
)
async def test_no_tool_asks_outside_of_the_home(tool: str, more: dict[str, Any]) -> None:
    def answer(asked: Exchange) -> bytes:
        body = b'<d:multistatus xmlns:d="DAV:"></d:multistatus>'
        return reply(200, PERSON, Content_Type="application/json") if "/ocs/" in asked.path else reply(207, body)

    async with wire(answer) as served:
        person = session(served.url, "alice", "x")
        assert await Assistant(person).error(tool, **more)
        await person.transport.aclose()
    assert [one.path for one in served.seen if ".." in one.path or "bob" in one.path] == []


@pytest.mark.parametrize(("etag", "condition"), [("", ("If-None-Match", "*")), ("e", ("If-Match", '"e"'))])
async def test_a_new_object_replaces_nothing_and_an_old_one_only_the_version_that_was_read(etag: str, condition: tuple[str, str]) -> None:
    async with wire(lambda _: reply(201, ETag='"f"')) as served:
        person = session(served.url, "alice", "x")
        person.user_id = "alice"
        done = await Books(person).put(Stored("contacts", "u.vcf", etag, ""), "BEGIN:VCARD", "card")
        await person.transport.aclose()
    asked = served.seen[0]
    assert (done.etag, asked.body, asked.header("Content-Type")) == ("f", b"BEGIN:VCARD", "text/vcard; charset=utf-8")
    assert [(name, asked.header(name)) for name in ("If-Match", "If-None-Match") if asked.header(name)] == [condition]
