"""A search has Nextcloud look for the words; it does not download the address book."""

import re

from tests.support.assistant import Assistant, session
from tests.support.wire import Exchange, reply, wire
from tests.unit.apps.calendar.test_faults import PERSON

XML = "application/xml; charset=utf-8"
HOME = (
    '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:response>'
    "<d:href>/remote.php/dav/addressbooks/users/alice/contacts/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:addressbook/>"
    "</d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"
)


def nextcloud(asked: Exchange) -> bytes:
    """One address book in which Nextcloud finds nobody."""
    if "/ocs/" in asked.path:
        return reply(200, PERSON)
    found = HOME if asked.method == "PROPFIND" else '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"/>'
    return reply(207, found.encode(), Content_Type=XML)


async def test_the_words_are_in_the_question_to_nextcloud() -> None:
    async with wire(nextcloud) as served:
        person = session(served.url, "alice", "secret")
        await Assistant(person).call("nc_contacts_search_contacts", query="of Lovelace")
        await person.transport.aclose()
        (report,) = [one.body.decode() for one in served.seen if one.method == "REPORT"]
    asked = re.findall(r'prop-filter name="(\w+)".*?<[\w:]*text-match[^>]*>([^<]*)<', report)
    assert dict(asked) == dict.fromkeys(("FN", "N", "NICKNAME", "EMAIL"), "lovelace")
    assert "PHOTO" not in report
