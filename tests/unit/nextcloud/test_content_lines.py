"""Editing one property leaves every other byte."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.core.errors import BadAnswer
from nextcloud_mcp_server.nextcloud.content_lines import Line, component, escape, fold, line, parse, split_escaped, unescape

CARD = (
    'BEGIN:VCARD\r\nVERSION:3.0\r\nitem1.EMAIL;type=INTERNET;TYPE="HOME,x",pref:a@example.test\r\nitem1.X-ABLabel:_$!<Home>!$_\r\n'
    "NOTE:a very long not\r\n e that is folded\\, twic\r\n\te\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n SkZJRgABAQ\r\n"
    "X-Odd;lower=1:;;keep\r\nEND:VCARD\r\n"
)


def test_a_parsed_text_is_written_back_byte_for_byte() -> None:
    assert str(parse(CARD, "card")) == CARD


def test_changing_one_property_keeps_the_bytes_of_all_others() -> None:
    card = parse(CARD, "card")
    card.put(line("FN", escape("Ada, Countess")))
    card.replace("EMAIL", [card.lines("EMAIL")[0].with_value("b@example.test")])
    changed = str(card).replace("FN:Ada\\, Countess\r\n", "").replace("b@example.test", "a@example.test")
    assert changed == CARD


def test_parts_of_a_property_are_found() -> None:
    email = parse(CARD, "card").lines("EMAIL")[0]
    assert (email.group, email.value) == ("item1", "a@example.test")
    assert email.parameters == {"TYPE": ("INTERNET", "HOME,x", "pref")}
    assert parse(CARD, "card").text("NOTE") == "a very long note that is folded, twice"


@given(st.text())
def test_a_text_survives_escaping_folding_and_reading_without_control_characters(text: str) -> None:
    clean = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text.replace("\r\n", "\n").replace("\r", "\n"))
    raw = line("NOTE", escape(text)).raw
    assert Line(raw).text == clean
    assert all(len(part.encode()) <= 75 for part in raw.removesuffix("\r\n").split("\r\n"))


def test_a_value_cannot_begin_another_property() -> None:
    assert line("URL", "https://example.test\r\nATTENDEE:mailto:x@example.test", {"X": "a\nB:c"}).raw.count("\n") == 1


@given(st.lists(st.text(alphabet="ab\\;,\n", max_size=5), min_size=1, max_size=5))
def test_structured_values_split_only_at_separators_that_are_not_escaped(parts: list[str]) -> None:
    joined = ";".join(escape(part) for part in parts)
    assert [unescape(part) for part in split_escaped(joined, ";")] == parts


@pytest.mark.parametrize("text", ["", "BEGIN:VCARD\r\nFN:x\r\n", "BEGIN:A\r\nEND:B\r\n", "<html>", "END:VCARD\r\n"])
def test_a_text_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(BadAnswer):
        parse(text, "Event x")


def test_a_new_property_stands_before_inner_components() -> None:
    event = component("VEVENT", line("UID", "1"), component("VALARM", line("ACTION", "DISPLAY")))
    event.put(line("SUMMARY", "s"))
    assert str(event).index("SUMMARY") < str(event).index("VALARM")


def test_a_parameter_cannot_smuggle_a_line() -> None:
    assert fold("X") == "X\r\n"
    assert "\r\nEVIL" not in line("ATTENDEE", "mailto:x", {"CN": 'a"\r\nEVIL:1'}).raw.replace("\r\n ", "")
