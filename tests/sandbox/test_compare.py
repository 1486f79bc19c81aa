"""The comparison with recordings notices what it should, and nothing else."""

from dataclasses import replace

import pytest

from tests.sandbox.compare import differences, form
from tests.sandbox.exchanges import Exchange, Message, exchanges

JSON = next(exchange for exchange in exchanges("notes") if exchange.name == "17-get.txt")
XML = next(exchange for exchange in exchanges("webdav") if exchange.name == "30-propfind-paginate.txt")


def wrong(exchange: Exchange, *, status: int | None = None, body: bytes | None = None, **headers: str | None) -> list[str]:
    """What the comparison says to the recorded answer with something changed; a header of None is taken away."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in exchange.response.headers.items() if name not in changed}
    live = Message(kept | {name: value for name, value in changed.items() if value is not None}, body or exchange.response.body)
    return differences(exchange, status or exchange.status, live)


@pytest.mark.parametrize("exchange", [JSON, XML], ids=["json", "xml"])
def test_the_recorded_answer_itself_is_right(exchange: Exchange) -> None:
    assert wrong(exchange) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": None},
        {"ETag": "d0f52feb03a8997db144ed1893a16d76"},
        {"Content_Type": "text/html"},
        {"X_Notes_Chunk_Pending": "3"},
        {"X_User_Id": "bob"},
    ],
)
def test_a_missing_unquoted_wrong_or_additional_header_is_noticed(headers: dict[str, str | None]) -> None:
    assert len(wrong(JSON, **headers)) == 1


def test_another_status_is_noticed() -> None:
    assert wrong(JSON, status=404)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"id": 904', b'"id": "904"'),
        (b'"category": "Work/Projects"', b'"category": null'),
        (b'"favorite": true', b'"favourite": true'),
        (b'"favorite": true', b'"favorite": false'),
        (b'"title": "First note"', b'"title": "Second note"'),
        (b'"shareTypes": []', b'"shareTypes": [1]'),
        (b"d0f52feb03a8997db144ed1893a16d76", b"none"),
    ],
)
def test_another_key_type_text_or_length_is_noticed(old: bytes, new: bytes) -> None:
    assert old in JSON.response.body
    assert wrong(JSON, body=JSON.response.body.replace(old, new))


def test_other_ids_times_and_etags_are_not_noticed() -> None:
    body = JSON.response.body.replace(b"904", b"17").replace(b"1795221547", b"1800000000").replace(b"d0f52feb03a8997d", b"0123456789abcdef")
    assert wrong(JSON, body=body) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<d:getcontenttype>text/plain</d:getcontenttype>", b""),
        (b"text/plain", b"text/html"),
        (b"HTTP/1.1 404 Not Found", b"HTTP/1.1 200 OK"),
        (b"<oc:favorite>0</oc:favorite>", b"<nc:favorite>0</nc:favorite>"),
        (b"dav-test/a.txt", b"dav-test/b.txt"),
        (b"&quot;42c6ae3f2b0a4385ceb936bed244f32c&quot;", b"42c6ae3f2b0a4385ceb936bed244f32c"),
        (b"<d:collection/>", b""),
    ],
)
def test_another_property_status_or_href_is_noticed(old: bytes, new: bytes) -> None:
    assert old in XML.response.body
    assert wrong(XML, body=XML.response.body.replace(old, new))


def test_the_order_of_responses_and_properties_does_not_matter() -> None:
    head, *parts = XML.response.body.partition(b"</d:multistatus>")[0].split(b"<d:response>")
    turned = head + b"".join(b"<d:response>" + part for part in reversed(parts)) + b"</d:multistatus>"
    turned = turned.replace(b"<oc:favorite>0</oc:favorite><oc:tags/>", b"<oc:tags/><oc:favorite>0</oc:favorite>")
    assert turned != XML.response.body
    assert wrong(XML, body=turned) == []


def test_a_missing_body_is_noticed() -> None:
    assert wrong(replace(JSON, response=Message(JSON.response.headers, b"")), body=b"{}")


def test_only_what_differs_between_instances_is_left_out() -> None:
    assert form('"6b00e8726fe76" of note 17') == '"#" of note #'
    assert form("Sat, 21 Nov 2026 00:40:18 GMT") == "<date>"
    assert form("Permission denied") == "Permission denied"
