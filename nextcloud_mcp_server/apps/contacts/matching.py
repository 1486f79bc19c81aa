"""Which contacts a query means; pure. Words are looked for in names, nicknames and e-mail addresses, digits in telephone numbers."""

import re
from collections.abc import Sequence

from nextcloud_mcp_server.apps.contacts.reading import NAME_PARTS, parts_of, shown, values_of
from nextcloud_mcp_server.nextcloud.content_lines import Component

_PHONE = re.compile(r"[+(]?\d[\d\s()./+-]*")
_SEPARATOR = re.compile(r"\D+")
FEWEST_DIGITS = 3


def phone_digits(query: str) -> str | None:
    """The digits of a query that looks like a telephone number, without leading zeros; None for another query."""
    digits = _SEPARATOR.sub("", query) if _PHONE.fullmatch(query.strip()) else ""
    return digits.lstrip("0") if len(digits) >= FEWEST_DIGITS else None


def has_digits(card: Component, digits: str) -> bool:
    return any(digits in _SEPARATOR.sub("", shown(line)) for line in card.lines("TEL"))


def has_words(card: Component, words: Sequence[str]) -> bool:
    """Whether every word (lower case) stands in a name, nickname or e-mail address."""
    texts = [card.text("FN") or "", *parts_of(card.first("N"))[: len(NAME_PARTS)], *values_of(card, "NICKNAME")]
    texts += [shown(line) for line in card.lines("EMAIL")]
    everything = "\n".join(texts).casefold()
    return all(word in everything for word in words)
