"""WebDAV XML in pieces: nothing harmful gets in, nothing cut short counts as whole, and length costs no memory."""

import tracemalloc
from collections.abc import AsyncIterator, Iterable, Iterator
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.core.errors import BadAnswer
from nextcloud_mcp_server.nextcloud.dav import (
    MultistatusParser,
    document,
    element,
    error_message,
    parse_multistatus,
    prefixed,
    propfind,
    qualified,
    status_of,
    stream_multistatus,
)

NAMESPACES = 'xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:s="http://sabredav.org/ns"'
BEGIN = f'<?xml version="1.0" encoding="utf-8"?>\n<d:multistatus {NAMESPACES}>'.encode()
END = b"</d:multistatus>"
BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(12))


def response(name: str, props: str = "<oc:fileid>7</oc:fileid>") -> bytes:
    found = f"<d:propstat><d:prop>{props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
    missing = "<d:propstat><d:prop><d:getetag/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>"
    return f"<d:response><d:href>/remote.php/dav/files/alice/{name}</d:href>{found}{missing}</d:response>".encode()


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


def fed(parts: Iterable[bytes]) -> list[str]:
    parser = MultistatusParser("the folder")
    found = [resource.href for part in parts for resource in parser.feed(part)]
    parser.close()
    return found


@given(st.integers(1, 400))
def test_where_the_pieces_end_does_not_matter(size: int) -> None:
    body = BEGIN + response("a") + response("%c3%bcn%C3%AF%20%e7%a9%ba.txt") + response("100%25.txt") + END
    names = [href.removeprefix("/remote.php/dav/files/alice/") for href in fed(pieces(body, size))]
    assert names == ["a", "ünï 空.txt", "100%.txt"]


def test_only_properties_that_exist_are_there() -> None:
    props = "<oc:fileid> 7 </oc:fileid><d:displayname></d:displayname><d:resourcetype><d:collection/></d:resourcetype>"
    (resource,) = parse_multistatus(BEGIN + response("a", props) + END, "a").resources
    assert resource.text("oc:fileid") == "7"
    assert resource.text("d:displayname") is None
    assert resource.text("d:getetag") is None
    assert resource.has("d:resourcetype", "d:collection")
    assert not resource.has("d:getetag", "d:collection")
    assert resource.status == 200


def test_a_resource_that_is_gone_has_a_status_and_no_properties() -> None:
    gone = b"<d:response><d:href>/x.ics</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>"
    found = parse_multistatus(BEGIN + gone + b"<d:sync-token>http://sabre.io/ns/sync/7</d:sync-token>" + END, "the calendar")
    assert [(one.href, one.status, dict(one.props)) for one in found.resources] == [("/x.ics", 404, {})]
    assert found.sync_token == "http://sabre.io/ns/sync/7"


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize(
    "head",
    [
        f"<?xml version='1.0'?><!DOCTYPE d [{BOMB}]><d:multistatus {NAMESPACES}>&e11;</d:multistatus>",
        f"<!DOCTYPE multistatus [{BOMB}]><d:multistatus {NAMESPACES}/>",
        f"<?multistatus?><!DOCTYPE d [{BOMB}]><d:multistatus {NAMESPACES}>&e11;</d:multistatus>",
        f"<!-- multistatus --><!DOCTYPE d><d:multistatus {NAMESPACES}/>",
        f'<!DOCTYPE d SYSTEM "file:///etc/passwd"><d:multistatus {NAMESPACES}/>',
    ],
    ids=["bomb", "bomb without declaration", "behind an instruction", "behind a comment", "external"],
)
def test_a_document_type_is_refused_wherever_the_pieces_end(head: str, size: int) -> None:
    with pytest.raises(BadAnswer, match="document type"):
        fed(pieces(head.encode(), size))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp037"])
def test_a_document_type_in_another_encoding_is_refused(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    bomb = f"<!DOCTYPE d [{BOMB}]><d:multistatus {NAMESPACES}>&e11;</d:multistatus>"
    for body in ((declared + bomb).encode(encoding), declared.encode() + bomb.encode(encoding)):
        with pytest.raises(BadAnswer):
            fed([body])


def test_an_encoding_that_is_not_utf_8_is_refused_by_its_declaration() -> None:
    body = f'<?xml version="1.0" encoding="iso-8859-1"?><d:multistatus {NAMESPACES}></d:multistatus>'
    with pytest.raises(BadAnswer, match="UTF-8"):
        fed([body.encode()])


def test_a_byte_order_mark_of_utf_8_is_accepted() -> None:
    assert len(fed([b"\xef\xbb\xbf" + BEGIN + response("a") + END])) == 1


@pytest.mark.parametrize("length", [0, 5, 60, 200, -1, -len(END)])
def test_an_answer_that_is_cut_short_is_no_answer(length: int) -> None:
    body = BEGIN + response("a") + response("b") + END
    with pytest.raises(BadAnswer, match="cut short"):
        fed([body[:length]])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        (b"<html><body>Log in<br></body></html>", "not valid XML"),
        (b"<d:error xmlns:d='DAV:'></d:error>", "not a multistatus"),
        (b'{"ocs":{}}', "cut short or is not a multistatus"),
        (b"{" + b" " * 2000, "not XML"),
        (BEGIN + b"<d:response></d:multistatus>", "not valid XML"),
        (BEGIN + END + b"<more/>", "not valid XML"),
    ],
)
def test_another_kind_of_answer_is_named_and_gives_nothing(body: bytes, words: str) -> None:
    with pytest.raises(BadAnswer, match=words):
        fed([body])


def test_ten_thousand_entries_stay_far_below_100_mb() -> None:
    def arriving() -> Iterator[bytes]:
        yield BEGIN
        for start in range(0, 10_000, 100):
            yield b"".join(response(f"a long name of a file {n}", f"<oc:fileid>{n}</oc:fileid>") for n in range(start, start + 100))
        yield END

    tracemalloc.start()
    try:
        parser = MultistatusParser("the folder")
        found = [resource.text("oc:fileid") for piece in arriving() for resource in parser.feed(piece)]
        parser.close()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == 10_000
    assert peak < 20_000_000


async def test_a_stream_gives_resources_before_it_ends() -> None:
    async def arriving() -> AsyncIterator[bytes]:
        yield BEGIN + response("first")
        raise BadAnswer("cut short")

    resources = stream_multistatus(arriving(), MultistatusParser("the folder"))
    assert (await anext(resources)).href == "/remote.php/dav/files/alice/first"
    with pytest.raises(BadAnswer):
        await anext(resources)


def test_a_request_body_escapes_what_people_wrote() -> None:
    body = document(element("d:like", element("d:literal", text='<&">%')))
    assert b"&lt;&amp;" in body
    names = [node.tag for node in fromstring(propfind(["d:getetag", "oc:fileid"])).iter()]
    assert names == ["{DAV:}propfind", "{DAV:}prop", "{DAV:}getetag", "{http://owncloud.org/ns}fileid"]


@pytest.mark.parametrize("name", ["d:href", "oc:fileid", "card:address-data"])
def test_names_are_written_and_read_back(name: str) -> None:
    assert prefixed(qualified(name)) == name
    assert prefixed("{urn:other}thing") == "{urn:other}thing"


@pytest.mark.parametrize(("line", "status"), [("HTTP/1.1 207 Multi-Status", 207), ("HTTP/2 404", 404), ("", 0), ("odd", 0), (None, 0)])
def test_a_status_line_is_read_whatever_it_holds(line: str | None, status: int) -> None:
    assert status_of(line) == status


def test_an_error_tells_its_message_and_refuses_a_document_type() -> None:
    body = f'<?xml version="1.0"?>\n<d:error {NAMESPACES}><s:exception>X</s:exception><s:message>Tag already exists</s:message></d:error>'
    assert error_message(body.encode()) == "Tag already exists"
    assert error_message(b"plain words") == ""
    with pytest.raises(BadAnswer):
        error_message(f"<?xml version='1.0'?><!DOCTYPE error [{BOMB}]>{body.partition('?>')[2]}".encode())
