"""vCards without HTTP: checks on writing, conversion on reading, filters."""

import json
from xml.etree import ElementTree

import pytest

from nextcloud_sandbox.areas.carddav.query import parse_filter
from nextcloud_sandbox.areas.carddav.vcard import JCARD, V3, V4, check, convert, negotiate
from nextcloud_sandbox.dav import DavError
from nextcloud_sandbox.groupware.vobject import Line, parse
from tests.sandbox.dav_client import card, wrap

PIXEL = "iVBORw0KGgo="


def line(text: str, name: str) -> Line:
    found = parse(text).first(name)
    assert found is not None
    return found


def holds(text: str, filters: str, test: str = "anyof") -> bool:
    root = ElementTree.fromstring(wrap("k:addressbook-query", f'<k:filter test="{test}">{filters}</k:filter>'))
    return parse_filter(root).holds(parse(text))


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", V3),
        ("*/*", V3),
        ("text/vcard", V3),
        ("text/vcard; version=3.0", V3),
        ('text/vcard; version="4.0"', V4),
        ("text/vcard;version=4.0, */*;q=0.1", V4),
        ("application/vcard+json", JCARD),
        ("application/vcard+json;q=0.2, text/vcard;q=0.9", V3),
        ("text/html", V3),
    ],
)
def test_the_accept_header_chooses_the_form(accept: str, form: str) -> None:
    assert negotiate(accept) == form


def test_a_card_in_its_own_version_comes_as_it_was_stored() -> None:
    for version, form in (("3.0", V3), ("4.0", V4)):
        text = card("a", "X-FOREIGN;odd=1:kept", "NOTE:ä" * 40, version=version)
        assert convert(text.encode(), form) == text


def test_conversion_to_vcard_3_turns_inline_images_preferences_and_groups() -> None:
    text = card("a", f"PHOTO:data:image/png;base64,{PIXEL}", "TEL;PREF=1;TYPE=cell:+491", "KIND:group", "BDAY:--0229", version="4.0")
    made = convert(text.encode(), V3)
    photo = line(made, "PHOTO")
    assert (photo.value, photo.param("ENCODING"), photo.param("TYPE")) == (PIXEL, "b", "PNG")
    assert line(made, "TEL").param("TYPE") == "cell,PREF"
    assert line(made, "X-ADDRESSBOOKSERVER-KIND").value == "group"
    assert (line(made, "BDAY").value, line(made, "BDAY").param("X-APPLE-OMIT-YEAR")) == ("1604-02-29", "1604")


def test_conversion_to_vcard_4_undoes_it() -> None:
    text = card("a", f"PHOTO;ENCODING=b;TYPE=PNG:{PIXEL}", "TEL;TYPE=cell,PREF:+491", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29")
    made = convert(text.encode(), V4)
    assert line(made, "PHOTO").value == f"data:image/png;base64,{PIXEL}"
    assert (line(made, "TEL").param("TYPE"), line(made, "TEL").param("PREF")) == ("cell", "1")
    assert line(made, "BDAY").value == "--0229"


def test_jcard_has_typed_and_structured_values() -> None:
    text = card("a", "CATEGORIES:one\\, two,three", "item1.URL:https://example.com/", "TEL;TYPE=CELL;TYPE=WORK:+491", "BDAY:19800102")
    kind, lines = json.loads(convert(text.encode(), JCARD))
    found = {entry[0]: entry[1:] for entry in lines}
    assert kind == "vcard"
    assert found["categories"] == [{}, "text", "one, two", "three"]
    assert found["url"] == [{"group": "item1"}, "uri", "https://example.com/"]
    assert found["tel"] == [{"type": ["CELL", "WORK"]}, "text", "+491"]
    assert found["bday"][1] == "date-and-or-time"
    assert found["n"] == [{}, "text", ["Example", "Ann", "", "", ""]]


def test_only_the_asked_properties_are_kept_besides_those_a_card_needs() -> None:
    made = parse(convert(card("a", "NOTE:x", "EMAIL:a@example.com").encode(), V3, {"EMAIL"}))
    assert [found.name for found in made.lines] == ["VERSION", "UID", "FN", "EMAIL"]


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["N:Doe;Jane;;;"], "Jane Doe"),
        (["N:Doe;;;;"], "Doe"),
        (["ORG:Contoso;Sales"], "Contoso"),
        (["NICKNAME:Jo"], "Jo"),
        (["EMAIL:j@example.com"], "j@example.com"),
    ],
)
def test_a_missing_name_is_made_up(lines: list[str], name: str) -> None:
    text = "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", "UID:a", *lines, "END:VCARD"])
    checked = check(text.encode())
    assert checked.component.value("FN") == name
    assert "FN property" in checked.warning


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nEND:VCARD", "FN property"),
        ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:a\r\nFN:b\r\nEND:VCARD", "FN property"),
        ("BEGIN:VCARD\r\nVERSION:2.1\r\nUID:a\r\nFN:a\r\nEND:VCARD", "vCard 2.1"),
        ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR", "only support vcard objects"),
        ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a", "prematurely"),
    ],
)
def test_what_is_no_proper_card_is_refused(text: str, message: str) -> None:
    with pytest.raises(DavError, match=message) as refused:
        check(text.encode())
    assert refused.value.status == 415


@pytest.mark.parametrize(
    ("kind", "wanted", "expected"),
    [
        ("equals", "ann example", True),
        ("equals", "ann", False),
        ("starts-with", "ANN", True),
        ("ends-with", "ple", True),
        ("ends-with", "ann", False),
        ("contains", "n e", True),
    ],
)
def test_text_is_compared_as_asked_without_regard_to_case(kind: str, wanted: str, expected: bool) -> None:
    assert (
        holds(card("a"), f'<k:prop-filter name="FN"><k:text-match match-type="{kind}">{wanted}</k:text-match></k:prop-filter>') is expected
    )


def test_conditions_are_joined_by_any_or_all() -> None:
    one = '<k:prop-filter name="FN"><k:text-match>ann</k:text-match></k:prop-filter>'
    other = '<k:prop-filter name="EMAIL"/>'
    assert holds(card("a"), one + other)
    assert not holds(card("a"), one + other, "allof")
    assert holds(card("a", "EMAIL:a@example.com"), one + other, "allof")


def test_an_absent_property_a_parameter_and_a_negation_can_be_asked_for() -> None:
    text = card("a", "TEL;TYPE=HOME:1", "NOTE:x")
    assert holds(text, '<k:prop-filter name="EMAIL"><k:is-not-defined/></k:prop-filter>')
    assert not holds(text, '<k:prop-filter name="NOTE"><k:is-not-defined/></k:prop-filter>')
    inner = '<k:param-filter name="TYPE"><k:text-match match-type="equals">{}</k:text-match></k:param-filter>'
    parameter = f'<k:prop-filter name="TEL">{inner}</k:prop-filter>'
    assert holds(text, parameter.format("home"))
    assert not holds(text, parameter.format("cell"))
    assert holds(text, '<k:prop-filter name="NOTE"><k:text-match negate-condition="yes">y</k:text-match></k:prop-filter>')


def test_no_condition_lets_every_card_through() -> None:
    assert holds(card("a"), "")
