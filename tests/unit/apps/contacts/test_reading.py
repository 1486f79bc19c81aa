"""Reading vCards as other programs write them."""

import pytest

from nextcloud_mcp_server.apps.contacts.matching import has_digits, has_words, phone_digits
from nextcloud_mcp_server.apps.contacts.models import Contact
from nextcloud_mcp_server.apps.contacts.reading import contact_of, name_of, quick_name
from nextcloud_mcp_server.nextcloud.content_lines import Component, parse


def card(*lines: str) -> Component:
    return parse("".join(f"{one}\r\n" for one in ("BEGIN:VCARD", *lines, "END:VCARD")), "card")


def read(*lines: str) -> Contact:
    return contact_of(card(*lines), "u")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("BDAY:19800102", "1980-01-02"),
        ("BDAY:1980-01-02", "1980-01-02"),
        ("BDAY;VALUE=date-and-or-time:19800102T101500Z", "1980-01-02"),
        ("BDAY:--0203", "--02-03"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-03", "--02-03"),
        ("BDAY;VALUE=text:circa 1800", "circa 1800"),
        ("BDAY:", None),
    ],
)
def test_birthdays_of_every_form_are_shown_in_one(line: str, shown: str | None) -> None:
    assert read("FN:X", line).birthday == shown


def test_addresses_of_telephone_and_mail_lose_their_schemes() -> None:
    contact = read("FN:X", 'TEL;VALUE=uri;TYPE="work,voice";PREF=1:tel:+1-555', "EMAIL:mailto:a@b.test")
    assert [(one.value, one.label, one.preferred) for one in contact.phones or []] == [("+1-555", "work,voice", True)]
    assert [one.value for one in contact.emails or []] == ["a@b.test"]


def test_a_label_of_its_own_is_shown_also_where_nextcloud_changed_the_case_of_its_group() -> None:
    contact = read(
        "FN:X", "ITEM1.EMAIL:a@b.test", "item1.X-ABLABEL:Beach house", "item2.URL:https://x.test", "item2.X-ABLabel:_$!<HomePage>!$_"
    )
    assert [one.label for one in contact.emails or []] == ["Beach house"]
    assert [one.label for one in contact.urls or []] == ["homepage"]
    assert contact.custom_fields is None


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (("FN:Full Name", "N:Other;One;;;"), "Full Name"),
        (("FN:", "N:Family;Given;;;"), "Given Family"),
        (("N:;;;;", "ORG:Company;Unit"), "Company;Unit"),
        (("EMAIL:a@b.test",), "a@b.test"),
        (("NOTE:x",), ""),
    ],
)
def test_a_card_without_a_name_is_called_by_what_it_has(lines: tuple[str, ...], name: str) -> None:
    assert name_of(card(*lines)) == name


@pytest.mark.parametrize(
    "line", ["FN:Ada\\, L", 'fn;X-A="b":Ada\\, L', "item1.FN;LANGUAGE=en:Ada\r\n \\, L", "NOTE:x\r\n FN:no\r\nFN:Ada\\, L"]
)
def test_the_name_to_sort_by_is_the_name_that_parsing_finds(line: str) -> None:
    assert quick_name(str(card("VERSION:3.0", line))) == name_of(card(line)) == "Ada, L"


def test_a_photo_is_mentioned_and_not_shown() -> None:
    contact = read("FN:X", "PHOTO;ENCODING=b;TYPE=JPEG:" + "A" * 5000)
    assert contact.has_photo is True
    assert "AAAA" not in contact.model_dump_json()


def test_a_huge_property_of_its_own_is_cut_with_a_word_about_it() -> None:
    contact = read("FN:X", "X-KEY:" + "A" * 5000)
    assert (contact.custom_fields or {})["X-KEY"][0].endswith("… cut: 5000 characters")


def test_odd_and_empty_values_are_left_out() -> None:
    contact = read("FN:X", "EMAIL:", "ADR:;;;;;;", "N", "N:OnlyFamily", "ORG:;", "CATEGORIES:,,a,a", "no colon here", "TEL;:1")
    assert (contact.emails, contact.addresses, contact.organization, contact.categories) == (None, None, None, ["a"])


@pytest.mark.parametrize(
    ("query", "digits"),
    [
        ("+49 171 123", "49171123"),
        ("0171/123", "171123"),
        ("(030) 1-2.3", "30123"),
        ("12", None),
        ("agent 007", None),
        ("", None),
        ("000", ""),
    ],
)
def test_what_looks_like_a_number_is_searched_by_digits(query: str, digits: str | None) -> None:
    assert phone_digits(query) == digits


def test_digits_and_words_are_found_whatever_stands_between_them() -> None:
    one = card("FN:Jürgen Groß", "TEL:+49 (171) 12-34", "NICKNAME:Jojo,JG", "EMAIL:j@x.test", "N:Groß;Jürgen;Maria;;")
    assert has_digits(one, "1711234")
    assert not has_digits(one, "1235")
    assert has_words(one, ["jür", "maria", "@x", "jojo"])
    assert has_words(one, ["gross"])
    assert not has_words(one, ["jür", "anna"])


def test_a_text_with_every_escape_and_fold_is_read_as_it_was_meant() -> None:
    note = "NOTE:one\\nTwo\\N3\\, 4\\; 5\\\\n ü\r\n  folded\r\n\t tab"
    assert read("FN:X", note).note == "one\nTwo\n3, 4; 5\\n ü folded tab"


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_both_versions_read_alike(version: str) -> None:
    kinds = {
        "3.0": ("TEL;TYPE=CELL,PREF:+1", "EMAIL;TYPE=INTERNET,WORK:a@x.test"),
        "4.0": ("TEL;VALUE=uri;TYPE=cell;PREF=1:tel:+1", "EMAIL;TYPE=work:a@x.test"),
    }
    found = read(f"VERSION:{version}", "FN:X", *kinds[version])
    assert [(one.value, one.label, one.preferred) for one in (found.phones or []) + (found.emails or [])] == [
        ("+1", "cell", True),
        ("a@x.test", "work", None),
    ]
