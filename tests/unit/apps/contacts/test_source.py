"""A contact in words."""

from nextcloud_mcp_server.apps.contacts.reading import contact_of
from nextcloud_mcp_server.apps.contacts.source import text_of
from nextcloud_mcp_server.nextcloud.content_lines import parse


def said(*lines: str) -> str:
    text = "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", ""])
    return text_of(contact_of(parse(text, "the card"), "u"))


def test_a_contact_says_everything_that_people_look_for() -> None:
    text = said(
        "FN:Zoe Quist",
        "NICKNAME:Zo",
        "ORG:Roofers;Sales",
        "TITLE:Head",
        "EMAIL;TYPE=work:zoe@example.test",
        "TEL:+33 1 23",
        "ADR;TYPE=home:;;1 Main St;Lyon;;69001;France",
        "BDAY:19800102",
        "CATEGORIES:Friends,Work",
        "NOTE:Met in Nice",
    )
    assert text.splitlines() == [
        "Zoe Quist",
        "Also called: Zo",
        "Organization: Roofers;Sales",
        "Position: Head",
        "E-mail: zoe@example.test (work)",
        "Telephone: +33 1 23",
        "Address: 1 Main St Lyon 69001 France (home)",
        "Birthday: 1980-01-02",
        "Groups: Friends, Work",
        "",
        "Met in Nice",
    ]


def test_an_almost_empty_card_is_its_name() -> None:
    assert said("N:Quist;Zoe;;;") == "Zoe Quist"
