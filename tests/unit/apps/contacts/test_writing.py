"""Writing a vCard: what is given is in it, and every other byte is as before."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.contacts.reading import contact_of
from nextcloud_mcp_server.apps.contacts.writing import KEYS, apply, new_card
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.nextcloud.content_lines import Component, Line, parse

FOREIGN = (
    "VERSION:{version}\r\n",
    "UID:u-1\r\n",
    "FN:Ada Lovelace\r\n",
    "N:Lovelace;Ada;King,Noel;;\r\n",
    "item1.EMAIL;type=INTERNET;type=WORK;type=pref:ada@work.test\r\n",
    "item1.X-ABLabel:_$!<Work>!$_\r\n",
    "EMAIL;TYPE=HOME;X-Odd=yes:ada@home.test\r\n",
    "TEL;TYPE=CELL:+49 (171) 123-4567\r\n",
    "NICKNAME:Countess,Enchantress\r\n",
    "ORG:Analytical Engines;Research\r\n",
    "TITLE:Founder\r\n",
    "ROLE:Author\r\n",
    "ADR;TYPE=HOME:;;1 Main St;London;;W1;UK\r\n",
    "URL:https://a.test/x,y\r\n",
    "BDAY:1815-12-10\r\n",
    "CATEGORIES:Friends,Work\r\n",
    "NOTE:first\\nsecond\\, third \r\n and folded\r\n",
    "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=\r\n",
    "X-SOCIALPROFILE;TYPE=mastodon:https://social.test/@ada\r\n",
    "x-lower;odd:;keep;\\;me\\n\r\n",
    "KIND-OF-ODD:;keep;me\r\n",
)

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=90).filter(
    lambda text: text.strip() != "" and text.strip(" ;") == text
)
entries = st.one_of(texts, st.fixed_dictionaries({"value": texts}, optional={"type": st.sampled_from(["WORK", "home", "x-own"])}))
one_or_many = st.one_of(entries, st.lists(entries, min_size=1, max_size=3))
days = st.dates().map(lambda day: day.isoformat())
single = {
    "fn": texts,
    "title": texts,
    "role": texts,
    "note": texts,
    "org": texts,
    "bday": days,
    "n": st.fixed_dictionaries({}, optional={"given": texts, "family": texts, "prefix": texts}),
    "email": one_or_many,
    "tel": one_or_many,
    "url": one_or_many,
    "adr": st.fixed_dictionaries({"street": texts}, optional={"code": texts, "type": st.just("WORK")}),
    "categories": st.lists(texts, max_size=3),
    "nickname": st.lists(texts, max_size=3),
    "X-SocialProfile": one_or_many,
    "X-New": one_or_many,
}
changes = st.sampled_from(sorted(single)).flatmap(lambda key: st.tuples(st.just(key), single[key]))


def card(version: str = "3.0", extra: str = "") -> Component:
    return parse("BEGIN:VCARD\r\n" + "".join(FOREIGN).format(version=version) + extra + "END:VCARD\r\n", "card")


def others(one: Component, name: str) -> list[str]:
    """The bytes of every line but those of the property and the labels that may go with it."""
    return [line.raw for line in one.content if isinstance(line, Line) and line.name not in (name, "X-ABLABEL")]


def property_of(key: str) -> str:
    return {"email": "EMAIL", "tel": "TEL"}.get(key, key.upper())


@given(changes, st.sampled_from(["3.0", "4.0"]))
def test_a_change_of_one_property_leaves_every_other_byte(change: tuple[str, Any], version: str) -> None:
    key, value = change
    before, after = card(version), card(version)
    apply(after, {key: value})
    assert others(after, property_of(key)) == others(before, property_of(key))
    assert all(len(piece.encode()) <= 75 for line in after.lines(property_of(key)) for piece in re.split("\r\n ?", line.raw))


@given(changes, st.sampled_from(["3.0", "4.0"]))
def test_a_change_that_is_made_twice_is_the_same_change(change: tuple[str, Any], version: str) -> None:
    key, value = change
    once = card(version)
    apply(once, {key: value})
    again = parse(str(once), "card")
    apply(again, {key: value})
    assert str(again) == str(once)


@given(st.sampled_from(sorted(single)))
def test_clearing_takes_the_property_and_its_labels_and_nothing_else(key: str) -> None:
    after = card()
    if key == "fn":
        with pytest.raises(InvalidValue):
            apply(after, {key: ""})
        return
    apply(after, {key: ""})
    assert after.lines(property_of(key)) == []
    assert others(after, property_of(key)) == others(card(), property_of(key))
    assert bool(after.lines("X-ABLABEL")) == (key != "email")


@given(texts, st.lists(texts, max_size=3, unique=True), st.lists(texts, max_size=3, unique=True))
def test_what_is_written_is_read_back(name: str, emails: list[str], categories: list[str]) -> None:
    kept = [one.strip() for one in dict.fromkeys(categories) if one.strip()]
    read = contact_of(parse(str(new_card("u", {"fn": name, "email": emails, "categories": categories, "note": name})), "card"), "u")
    assert (read.fn, read.note) == (name, name)
    assert [one.value for one in read.emails or []] == [re.sub("^(?i:mailto:)", "", one) for one in emails]
    assert read.categories == (list(dict.fromkeys(kept)) or None)


def test_null_and_a_value_that_is_there_already_change_nothing() -> None:
    before = str(card())
    same = {
        "email": ["ada@work.test", "ada@home.test"],
        "tel": "+49 (171) 123-4567",
        "org": "Analytical Engines;Research",
        "adr": {"street": "1 Main St", "code": "W1"},
        "n": {"additional": "King,Noel"},
        "bday": "1815-12-10",
        "categories": "Friends, Work",
        "note": "first\nsecond, third and folded",
        "title": None,
    }
    after = card()
    apply(after, same)
    assert str(after) == before


def test_an_object_changes_what_it_names_and_keeps_the_rest_of_the_line() -> None:
    after = card()
    apply(after, {"email": {"value": "new@work.test", "type": ["WORK", "HOME"]}})
    assert after.lines("EMAIL")[0].raw == "item1.EMAIL;TYPE=WORK,HOME,PREF:new@work.test\r\n"
    assert after.lines("EMAIL")[1].raw == "EMAIL;TYPE=HOME;X-Odd=yes:ada@home.test\r\n"


def test_a_preferred_entry_is_marked_as_its_version_wants_it() -> None:
    made = []
    for version in ("3.0", "4.0"):
        after = card(version)
        apply(after, {"tel": [{"value": "1", "type": "work", "preferred": True}, {"value": "2", "label": "cell,pref"}]})
        made.append([line.raw for line in after.lines("TEL")])
    assert made == [
        ["TEL;TYPE=WORK,PREF:1\r\n", "TEL;TYPE=CELL,PREF:2\r\n"],
        ["TEL;TYPE=WORK;PREF=1:1\r\n", "TEL;TYPE=CELL;PREF=1:2\r\n"],
    ]


@pytest.mark.parametrize(
    ("version", "given_day", "written"),
    [
        ("3.0", "1980-01-02", "BDAY:1980-01-02\r\n"),
        ("4.0", "1980-01-02", "BDAY:19800102\r\n"),
        ("4.0", "--02-29", "BDAY:--0229\r\n"),
        ("3.0", "--02-29", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29\r\n"),
    ],
)
def test_a_birthday_is_written_as_its_version_wants_it_and_read_back(version: str, given_day: str, written: str) -> None:
    after = card(version)
    apply(after, {"bday": given_day})
    assert [line.raw for line in after.lines("BDAY")] == [written]
    assert contact_of(after, "u").birthday == given_day
    apply(after, {"bday": "2001-01-01"})
    assert "OMIT" not in after.lines("BDAY")[0].raw


def test_parameters_that_describe_the_old_value_go_with_it() -> None:
    after = parse("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:X\r\nTEL;VALUE=uri;TYPE=work:tel:+1\r\nEND:VCARD\r\n", "card")
    apply(after, {"tel": "+1"})
    assert [line.raw for line in after.lines("TEL")] == ["TEL;VALUE=uri;TYPE=work:tel:+1\r\n"]
    apply(after, {"tel": "+2"})
    assert [line.raw for line in after.lines("TEL")] == ["TEL;TYPE=work:+2\r\n"]


def test_an_answers_own_fields_can_be_sent_back() -> None:
    read = contact_of(card(), "u")
    after = card()
    apply(
        after,
        {
            "emails": [one.model_dump(exclude_none=True) for one in read.emails or []],
            "addresses": [one.model_dump(exclude_none=True) for one in read.addresses or []],
            "organization": read.organization,
            "birthday": read.birthday,
        },
    )
    assert contact_of(after, "u").addresses == read.addresses
    assert [one.value for one in contact_of(after, "u").emails or []] == ["ada@work.test", "ada@home.test"]
    assert others(after, "EMAIL")[:6] == others(card(), "EMAIL")[:6]


def test_an_unknown_key_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidValue) as refused:
        apply(card(), {"fax": "1"})
    assert refused.value.candidates == KEYS
    assert "'fax'" in refused.value.message


def test_a_new_card_guesses_the_parts_of_a_name_like_nextcloud() -> None:
    assert new_card("u", {"fn": "Grace Brewster Hopper"}).first("N") == Line("N:Hopper;Grace;Brewster;;\r\n")
    assert new_card("u", {"fn": "Plato"}).first("N") == Line("N:Plato;;;;\r\n")
    assert new_card("u", {"fn": "X", "n": {"family": "Y"}}).first("N") == Line("N:Y;;;;\r\n")


@pytest.mark.parametrize("name", [" ", "\t", [], {}])
def test_a_name_of_nothing_is_refused(name: Any) -> None:
    with pytest.raises(InvalidValue, match="fn"):
        apply(card(), {"fn": name})
    with pytest.raises(InvalidValue, match="fn"):
        new_card("u", {"fn": name})


def test_an_entry_of_nothing_is_never_written() -> None:
    after = card()
    apply(after, {"tel": ["", " ", "5"], "email": [""], "X-SocialProfile": " "})
    assert [line.raw for name in ("TEL", "EMAIL", "X-SOCIALPROFILE") for line in after.lines(name)] == ["TEL;TYPE=HOME:5\r\n"]
    for value in ({"value": ""}, {"value": " ", "type": "work"}, {"value": None}, [{"value": ""}]):
        with pytest.raises(InvalidValue, match="no value"):
            apply(card(), {"email": value})


def test_the_most_preferred_entry_of_a_new_card_is_the_one_with_the_lowest_number() -> None:
    lines = "EMAIL;PREF=2:b@x.test\r\nEMAIL;PREF=1:a@x.test\r\nTEL;PREF=50:1\r\nTEL:2\r\n"
    stored = parse(f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:X\r\n{lines}END:VCARD\r\n", "card")
    read = contact_of(stored, "u")
    assert [(one.value, one.preferred) for one in (read.emails or []) + (read.phones or [])] == [
        ("b@x.test", None),
        ("a@x.test", True),
        ("1", True),
        ("2", None),
    ]
    apply(stored, {"email": [{"value": "b@x.test", "preferred": True}, {"value": "a@x.test", "preferred": False}]})
    assert [line.raw for line in stored.lines("EMAIL")] == ["EMAIL;PREF=1:b@x.test\r\n", "EMAIL:a@x.test\r\n"]
