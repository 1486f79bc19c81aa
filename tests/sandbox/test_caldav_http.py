"""Calendars over HTTP: two users, the trash bin, invitations, sharing, search, subscriptions."""

from collections.abc import AsyncIterator
from xml.sax.saxutils import escape

import pytest

from nextcloud_sandbox.areas.caldav import objects, state
from nextcloud_sandbox.groupware.vobject import parse
from nextcloud_sandbox.server import Running, running
from tests.sandbox.dav_client import Client, D, calendar, event, prop, wrap

HOME, MINE = "calendars/alice", "calendars/alice/personal"
C, OC, NC = "{urn:ietf:params:xml:ns:caldav}", "{http://owncloud.org/ns}", "{http://nextcloud.com/ns}"
EVENTS = '<c:comp-filter name="VEVENT"/>'
INVITE = ("ORGANIZER:mailto:alice@example.org", "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.org")
TWO_MASTERS = event("a").replace("END:VCALENDAR", event("a").partition("PRODID:-//test//EN\r\n")[2].strip())
START, END = "20261201T100000Z", "20261201T110000Z"


@pytest.fixture
async def at() -> AsyncIterator[Running]:
    async with running(seed=False) as found:
        yield found


@pytest.fixture
def alice(at: Running) -> Client:
    return Client(at, "alice")


@pytest.fixture
def bob(at: Running) -> Client:
    return Client(at, "bob")


async def share(owner: Client, path: str, user: str, access: str = "<oc:read-write/>") -> None:
    inner = f"<oc:set><d:href>principal:principals/users/{user}</d:href>{access}</oc:set>"
    answer = await owner("POST", path, wrap("oc:share", inner), Content_Type="application/xml")
    assert answer.status == 200


async def only_object(client: Client, path: str) -> tuple[str, str]:
    """(href, data) of the one event in a calendar."""
    answer = await client.query(path, EVENTS)
    assert len(answer.hrefs) == 1
    return answer.names[0], answer.values(f"{C}calendar-data")[0]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PROPFIND", HOME),
        ("PROPFIND", MINE),
        ("GET", f"{MINE}/a.ics"),
        ("DELETE", f"{MINE}/a.ics"),
        ("REPORT", MINE),
        ("MKCALENDAR", f"{HOME}/new"),
    ],
)
async def test_what_belongs_to_alice_does_not_exist_for_bob(alice: Client, bob: Client, method: str, path: str) -> None:
    await alice("PUT", f"{MINE}/a.ics", event("a"))
    assert (await bob(method, path, wrap("c:calendar-query", "") if method == "REPORT" else "")).status == 404
    assert (await bob("PUT", f"{MINE}/a.ics", event("a", START, END, "COMMENT:mine now"))).status == 404
    assert "mine now" not in (await alice("GET", f"{MINE}/a.ics")).text


async def test_an_object_comes_back_as_the_bytes_that_were_put(alice: Client) -> None:
    text = event("a", START, END, "X-FOREIGN;ODD=1:kept", "DESCRIPTION:" + "ä" * 200)
    put = await alice("PUT", f"{MINE}/a.ics", text)
    got = await alice("GET", f"{MINE}/a.ics")
    assert (got.text, got.etag) == (text, put.etag)


async def test_a_name_with_odd_characters_survives_the_listing(alice: Client) -> None:
    name = "a%20b%26c%23d%C3%BC%2B.ics"
    assert (await alice("PUT", f"{MINE}/{name}", event("odd"))).status == 201
    listing = await alice.query(MINE, EVENTS)
    href = listing.hrefs[0].removeprefix("/remote.php/dav/")
    assert (await alice("GET", href)).status == 200
    asked = await alice("REPORT", MINE, wrap("c:calendar-multiget", f"{prop('d:getetag')}<d:href>{escape(listing.hrefs[0])}</d:href>"))
    assert asked.hrefs == listing.hrefs


async def test_hrefs_carry_the_prefix_of_the_instance() -> None:
    async with running(seed=False, prefix="/cloud") as at:
        answer = await Client(at, "alice").propfind(HOME, "d:displayname")
        assert all(href.startswith("/cloud/remote.php/dav/calendars/alice/") for href in answer.hrefs)


async def test_a_stale_etag_changes_nothing(alice: Client) -> None:
    first = await alice("PUT", f"{MINE}/a.ics", event("a"))
    await alice("PUT", f"{MINE}/a.ics", event("a", START, END, "COMMENT:second"), If_Match=first.etag)
    for method in ("PUT", "DELETE"):
        answer = await alice(method, f"{MINE}/a.ics", event("a", START, END, "COMMENT:third"), If_Match=first.etag)
        assert answer.status == 412
    assert "second" in (await alice("GET", f"{MINE}/a.ics")).text


async def test_a_known_etag_is_not_sent_again(alice: Client) -> None:
    etag = (await alice("PUT", f"{MINE}/a.ics", event("a"))).etag
    assert (await alice("GET", f"{MINE}/a.ics", If_None_Match=etag)).status == 304


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (calendar("UID:a"), 415, "DTSTART MUST appear exactly once"),
        (calendar("UID:a", "DTSTART:20261201T100000Z", "DTSTART:20261201T110000Z"), 415, "DTSTART MUST NOT appear more than once"),
        (calendar("UID:a", "DTSTART:tomorrow"), 415, "(tomorrow) is not a correct DATE-TIME"),
        (event("a").replace("PRODID", "METHOD:REQUEST\r\nPRODID"), 415, "MUST NOT have a METHOD"),
        (
            event("a").replace(
                "END:VCALENDAR",
                "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261201T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR",
            ),
            415,
            "More than one master object",
        ),
        (calendar("UID:a", "DTSTART:20261201T100000Z", "RRULE:FREQ=SECONDLY"), 500, "Unknown value for FREQ=SECONDLY"),
        (calendar("UID:a", kind="VJOURNAL"), 403, "at least have a component of type VEVENT"),
        ("BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n", 415, "only support iCalendar objects"),
        ("", 415, "only supports VCARD and VCALENDAR"),
    ],
)
async def test_what_is_no_proper_event_is_refused_and_not_stored(alice: Client, body: str, status: int, message: str) -> None:
    answer = await alice("PUT", f"{MINE}/a.ics", body)
    assert answer.status == status
    assert message in answer.message
    assert (await alice("GET", f"{MINE}/a.ics")).status == 404


async def test_an_invitation_arrives_and_the_answer_comes_back(alice: Client, bob: Client) -> None:
    put = await alice("PUT", f"{MINE}/i.ics", event("i", START, END, *INVITE))
    assert "etag" not in put.headers
    name, data = await only_object(bob, "calendars/bob/personal")
    assert "SCHEDULE-STATUS" not in data
    assert len((await bob.propfind("calendars/bob/inbox", "d:getetag")).hrefs) == 2
    answer = await bob("PUT", f"calendars/bob/personal/{name}", data.replace("\n", "\r\n").replace("NEEDS-ACTION", "ACCEPTED"))
    assert answer.status == 204
    assert "etag" not in answer.headers
    kept = parse((await alice("GET", f"{MINE}/i.ics")).text).children[0].first("ATTENDEE")
    assert kept is not None
    assert (kept.param("PARTSTAT"), kept.param("SCHEDULE-STATUS"), kept.param("RSVP")) == ("ACCEPTED", "2.0", None)


async def test_a_change_by_the_organizer_reaches_the_attendee_and_deleting_cancels(alice: Client, bob: Client) -> None:
    await alice("PUT", f"{MINE}/i.ics", event("i", START, END, *INVITE))
    await alice("PUT", f"{MINE}/i.ics", event("i", "20261202T100000Z", "20261202T110000Z", *INVITE))
    _, data = await only_object(bob, "calendars/bob/personal")
    assert "DTSTART:20261202T100000Z" in data
    await alice("DELETE", f"{MINE}/i.ics")
    _, data = await only_object(bob, "calendars/bob/personal")
    assert "STATUS:CANCELLED" in data


async def test_an_attendee_who_deletes_declines_unless_told_not_to(alice: Client, bob: Client) -> None:
    for uid, header, expected in (("loud", "T", "DECLINED"), ("quiet", "F", "NEEDS-ACTION")):
        await alice("PUT", f"{MINE}/{uid}.ics", event(uid, START, END, *INVITE))
        name, _ = await only_object(bob, "calendars/bob/personal")
        await bob("DELETE", f"calendars/bob/personal/{name}", Schedule_Reply=header)
        assert f"PARTSTAT={expected}" in (await alice("GET", f"{MINE}/{uid}.ics")).text


async def test_an_uninvited_attendee_gets_a_cancellation(alice: Client, bob: Client) -> None:
    await alice("PUT", f"{MINE}/i.ics", event("i", START, END, *INVITE))
    await alice("PUT", f"{MINE}/i.ics", event("i", START, END, INVITE[0], "ATTENDEE:mailto:else@example.net"))
    _, data = await only_object(bob, "calendars/bob/personal")
    assert "STATUS:CANCELLED" in data


async def test_nobody_is_told_when_the_client_schedules_itself(alice: Client, bob: Client) -> None:
    put = await alice("PUT", f"{MINE}/i.ics", event("i", START, END, INVITE[0], "ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:bob@example.org"))
    assert put.etag
    assert (await bob.query("calendars/bob/personal", EVENTS)).hrefs == []


async def test_a_shared_calendar_is_written_by_who_may_and_hides_private_events(alice: Client, bob: Client) -> None:
    await alice("PUT", f"{MINE}/open.ics", event("open"))
    await alice("PUT", f"{MINE}/secret.ics", event("secret", START, END, "CLASS:PRIVATE"))
    await share(alice, MINE, "bob", "")
    path = "calendars/bob/personal_shared_by_alice"
    assert (await bob.propfind(path, "d:getetag")).names[1:] == ["open.ics"]
    assert (await bob("GET", f"{path}/secret.ics")).status == 404
    assert (await bob.sync(path)).names == ["open.ics"]
    assert (await bob.query(path, EVENTS)).names == ["open.ics"]
    assert (await bob("PUT", f"{path}/new.ics", event("new"))).status == 404
    assert (await bob("DELETE", f"{path}/open.ics")).status == 404
    await share(alice, MINE, "bob")
    assert (await bob("PUT", f"{path}/new.ics", event("new"))).status == 201
    assert (await alice("GET", f"{MINE}/new.ics")).status == 200
    invited = (await alice.propfind(MINE, "oc:invite", depth="0")).values(f"{OC}common-name")
    assert invited == ["Bob Example"]


async def test_a_recipient_renames_and_gives_up_a_share_for_himself_only(alice: Client, bob: Client) -> None:
    await share(alice, MINE, "bob")
    path = "calendars/bob/personal_shared_by_alice"
    await bob("PROPPATCH", path, wrap("d:propertyupdate", "<d:set><d:prop><d:displayname>Hers</d:displayname></d:prop></d:set>"))
    assert (await bob.propfind(path, "d:displayname", depth="0")).values(f"{D}displayname") == ["Hers (Alice Example)"]
    assert (await alice.propfind(MINE, "d:displayname", depth="0")).values(f"{D}displayname") == ["Personal"]
    assert (await bob("DELETE", path)).status == 204
    assert (await bob("PROPFIND", path)).status == 404
    assert (await alice("PROPFIND", MINE)).status == 207


async def test_the_trash_lists_restores_and_purges(alice: Client) -> None:
    await alice("PUT", f"{MINE}/a.ics", event("a"))
    await alice("DELETE", f"{MINE}/a.ics")
    body = wrap(
        "c:calendar-query",
        prop("nc:deleted-at", "nc:calendar-uri") + f'<c:filter><c:comp-filter name="VCALENDAR">{EVENTS}</c:comp-filter></c:filter>',
    )
    listed = await alice("REPORT", f"{HOME}/trashbin/objects", body, Depth="1")
    assert listed.values(f"{NC}calendar-uri") == ["personal"]
    assert listed.values(f"{NC}deleted-at")[0].endswith("+00:00")
    trashed = listed.hrefs[0].removeprefix("/remote.php/dav/")
    restored = await alice("MOVE", trashed, Destination=f"/remote.php/dav/{HOME}/trashbin/restore/file")
    assert restored.status == 201
    assert (await alice("GET", f"{MINE}/a.ics")).status == 200
    await alice("DELETE", f"{MINE}/a.ics")
    assert (await alice("DELETE", trashed)).status == 204
    assert (await alice("DELETE", trashed)).status == 404
    assert (await alice("PUT", f"{MINE}/a.ics", event("a"))).status == 201


async def test_the_trash_of_one_user_is_closed_to_the_other(alice: Client, bob: Client) -> None:
    await alice("PUT", f"{MINE}/a.ics", event("a"))
    await alice("DELETE", f"{MINE}/a.ics")
    ((_, item),) = state.trashed(alice.at.sandbox, "alice")
    assert (await bob("GET", f"{HOME}/trashbin/objects/{item.id}.ics")).status == 404
    assert (await bob("GET", f"calendars/bob/trashbin/objects/{item.id}.ics")).status == 404


async def test_a_deleted_calendar_waits_in_the_home_and_can_be_restored(alice: Client) -> None:
    await alice("MKCALENDAR", f"{HOME}/extra")
    await alice("PUT", f"{HOME}/extra/a.ics", event("a"))
    await alice("DELETE", f"{HOME}/extra")
    answer = await alice.propfind(f"{HOME}/extra", "d:resourcetype", "nc:deleted-at", depth="0")
    assert answer.xml.find(f".//{NC}deleted-calendar") is not None
    assert answer.xml.find(f".//{C}calendar") is None
    assert (await alice("MOVE", f"{HOME}/extra", Destination=f"/remote.php/dav/{HOME}/trashbin/restore/extra")).status == 201
    assert (await alice("GET", f"{HOME}/extra/a.ics")).status == 200


async def test_a_calendar_deleted_past_the_trash_frees_its_name(alice: Client) -> None:
    await alice("MKCALENDAR", f"{HOME}/extra")
    await alice("DELETE", f"{HOME}/extra", X_NC_CalDAV_No_Trashbin="1")
    assert (await alice("MKCALENDAR", f"{HOME}/extra")).status == 201


async def test_properties_are_set_removed_and_protected(alice: Client) -> None:
    def update(inner: str) -> str:
        return wrap("d:propertyupdate", inner)

    body = update("<d:set><d:prop><ic:calendar-order>7</ic:calendar-order><oc:calendar-enabled>0</oc:calendar-enabled></d:prop></d:set>")
    await alice("PROPPATCH", MINE, body)
    answer = await alice.propfind(MINE, "ic:calendar-order", "oc:calendar-enabled", depth="0")
    assert (answer.values("{http://apple.com/ns/ical/}calendar-order"), answer.values(f"{OC}calendar-enabled")) == (["7"], ["0"])
    await alice("PROPPATCH", MINE, update("<d:remove><d:prop><oc:calendar-enabled/></d:prop></d:remove>"))
    assert "404 Not Found" in (await alice.propfind(MINE, "oc:calendar-enabled", depth="0")).text
    refused = await alice(
        "PROPPATCH", MINE, update("<d:set><d:prop><d:displayname>X</d:displayname><d:getetag>1</d:getetag></d:prop></d:set>")
    )
    assert refused.values(f"{D}status") == ["HTTP/1.1 403 Forbidden", "HTTP/1.1 424 Failed Dependency"]
    assert (await alice.propfind(MINE, "d:displayname", depth="0")).values(f"{D}displayname") == ["Personal"]


async def test_an_object_is_moved_and_copied_between_own_calendars_only(alice: Client, bob: Client) -> None:
    await alice("MKCALENDAR", f"{HOME}/extra")
    await alice("PUT", f"{MINE}/a.ics", event("a"))
    base = "/remote.php/dav/"
    assert (await alice("MOVE", f"{MINE}/a.ics", Destination=f"{base}calendars/bob/personal/a.ics")).status == 404
    assert (await alice("COPY", f"{MINE}/a.ics", Destination=f"{base}{HOME}/extra/a.ics")).status == 201
    assert (await alice("COPY", f"{MINE}/a.ics", Destination=f"{base}{HOME}/extra/a.ics", Overwrite="F")).status == 412
    await alice("PUT", f"{HOME}/extra/t.ics", calendar("UID:t", kind="VTODO"))
    assert (await alice("MOVE", f"{HOME}/extra/t.ics", Destination=f"{base}{MINE}/t.ics")).status == 403
    assert (await alice("GET", f"{HOME}/extra/t.ics")).status == 200


async def test_a_search_covers_all_calendars_of_the_user_with_depth_2(alice: Client, bob: Client) -> None:
    await alice("MKCALENDAR", f"{HOME}/extra")
    await alice("PUT", f"{MINE}/a.ics", event("needle one"))
    await alice("PUT", f"{HOME}/extra/b.ics", event("needle two"))
    await bob("PUT", "calendars/bob/personal/c.ics", event("needle three"))
    wanted = '<nc:filter><nc:comp-filter name="VEVENT"/><nc:prop-filter name="SUMMARY"/><nc:search-term>needle</nc:search-term></nc:filter>'
    body = wrap("nc:calendar-search", prop("d:getetag") + wanted)
    assert sorted((await alice("REPORT", HOME, body)).names) == ["a.ics", "b.ics"]
    assert (await alice("REPORT", HOME, body, Depth="1")).hrefs == []


async def test_a_subscription_is_listed_with_its_source_and_takes_no_events(alice: Client) -> None:
    inner = "<d:resourcetype><d:collection/><cs:subscribed/></d:resourcetype><d:displayname>Holidays</d:displayname>"
    source = "<cs:source><d:href>webcal://example.com/h.ics?a=1&amp;b=2</d:href></cs:source>"
    assert (await alice("MKCOL", f"{HOME}/holidays", wrap("d:mkcol", f"<d:set><d:prop>{inner}</d:prop></d:set>"))).status == 403
    assert (await alice("MKCOL", f"{HOME}/holidays", wrap("d:mkcol", f"<d:set><d:prop>{inner}{source}</d:prop></d:set>"))).status == 201
    answer = await alice.propfind(f"{HOME}/holidays", "cs:source", "d:resourcetype", depth="0")
    assert answer.values(f"{D}href")[1:] == ["webcal://example.com/h.ics?a=1&b=2"]
    assert answer.xml.find(".//{http://calendarserver.org/ns/}subscribed") is not None
    assert (await alice("PUT", f"{HOME}/holidays/a.ics", event("a"))).status == 403
    assert (await alice("DELETE", f"{HOME}/holidays")).status == 204


async def test_free_busy_of_others_covers_their_opaque_calendars(alice: Client, bob: Client) -> None:
    await bob("PUT", "calendars/bob/personal/a.ics", event("a"))
    transparent = "<d:set><d:prop><c:schedule-calendar-transp><c:transparent/></c:schedule-calendar-transp></d:prop></d:set>"
    request = calendar(
        "UID:f",
        "DTSTART:20261201T000000Z",
        "DTEND:20261202T000000Z",
        "ORGANIZER:mailto:alice@example.org",
        "ATTENDEE:mailto:bob@example.org",
        kind="VFREEBUSY",
    ).replace("PRODID", "METHOD:REQUEST\r\nPRODID")
    assert "FREEBUSY:20261201T100000Z/20261201T110000Z" in (await alice("POST", f"{HOME}/outbox", request)).text
    await bob("PROPPATCH", "calendars/bob/personal", wrap("d:propertyupdate", transparent))
    assert "FREEBUSY:2026" not in (await alice("POST", f"{HOME}/outbox", request)).text
    assert (await bob("POST", "calendars/bob/outbox", request)).status == 403


async def test_changes_are_followed_by_token_across_create_update_delete_restore(alice: Client) -> None:
    first = await alice.sync(MINE)
    token = first.values(f"{D}sync-token")[0]
    await alice("PUT", f"{MINE}/a.ics", event("a"))
    await alice("PUT", f"{MINE}/b.ics", event("b"))
    await alice("DELETE", f"{MINE}/b.ics")
    delta = await alice.sync(MINE, token)
    assert delta.names == ["a.ics", "b.ics"]
    gone = delta.xml.findall(f"{D}response")[1]
    assert (gone.findtext(f"{D}status"), gone.find(f"{D}propstat")) == ("HTTP/1.1 404 Not Found", None)


async def test_minimal_answers_leave_out_what_is_missing(alice: Client) -> None:
    body = wrap("d:propfind", prop("d:displayname", "oc:nothing"))
    assert "404" not in (await alice("PROPFIND", MINE, body, Depth="0", Prefer="return=minimal")).text
    assert "404" in (await alice("PROPFIND", MINE, body, Depth="0")).text


async def test_a_body_that_declares_entities_is_refused(alice: Client) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><d:propfind xmlns:d="DAV:"><d:prop><d:displayname>&a;</d:displayname></d:prop></d:propfind>'
    assert (await alice("PROPFIND", MINE, bomb)).status == 400


async def test_the_birthday_calendar_follows_the_contacts(alice: Client) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:Carl\r\nBDAY:{}\r\nEND:VCARD\r\n"
    path = "addressbooks/users/alice/contacts/c.vcf"
    await alice("PUT", path, card.format("1980-02-29"))
    name, data = await only_object(alice, f"{HOME}/contact_birthdays")
    assert name == "contacts-c.vcf.ics"
    assert "DTSTART;VALUE=DATE:19800229" in data
    assert "SUMMARY:Carl (🎂1980)" in data
    await alice("PUT", path, card.format("nonsense"))
    assert (await alice.query(f"{HOME}/contact_birthdays", EVENTS)).hrefs == []


async def test_ten_thousand_events_are_listed_queried_and_synchronised(at: Running, alice: Client) -> None:
    """The suite's time limit would stop anything that is slower than linear."""
    view = state.find(at.sandbox, "alice", state.PERSONAL)
    assert view is not None
    for number in range(10_000):
        day = number % 28 + 1
        objects.put(
            at.sandbox, view, f"{number:05}.ics", event(f"e{number}", f"202601{day:02}T100000Z", f"202601{day:02}T110000Z").encode()
        )
    assert len((await alice.propfind(MINE, "d:getetag")).hrefs) == 10_001
    one_day = '<c:comp-filter name="VEVENT"><c:time-range start="20260105T000000Z" end="20260106T000000Z"/></c:comp-filter>'
    assert len((await alice.query(MINE, one_day)).hrefs) == len([number for number in range(10_000) if number % 28 == 4])
    assert len((await alice.sync(MINE)).hrefs) == 10_000
