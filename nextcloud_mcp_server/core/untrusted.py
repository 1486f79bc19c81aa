"""Text that people in Nextcloud wrote, on its way to a model.

Characters that a person does not see can carry instructions. A text that may be written back stays as it is and is warned about; a text
that nobody writes back (a title in a list, an excerpt) is cleaned. Emoji and scripts keep the invisible characters they need (Unicode
UTS 51, UAX 9).
"""

import re

_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,16}\U000e007f")
"""The flag of a region: the one proper use of tag characters."""
_TAGS = re.compile("[\U000e0000-\U000e007f]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0100-\U000e01ef"
)
_RUN = re.compile(f"[{_INVISIBLE}]{{4,}}")
_SELECTORS = re.compile("[\U000e0100-\U000e01ef]{2,}")
_COMMENT = re.compile("<!--.*?(?:-->|$)", re.DOTALL)
_BLANK = re.compile(r"[^\S\n]{200,}(?=\S)|\n{60,}(?=\S)")

HIDDEN = {
    "invisible tag characters": _TAGS,
    "bidirectional overrides": _BIDI,
    "control characters": _CONTROL,
    "runs of invisible characters": _RUN,
    "runs of variation selectors": _SELECTORS,
    "an HTML comment": _COMMENT,
    "text far behind blank space": _BLANK,
}


def warnings(text: str) -> list[str]:
    """What in a text a person would not see; empty for an ordinary one."""
    if text.isascii() and "<!--" not in text and not _CONTROL.search(text) and not _BLANK.search(text):
        return []
    plain = _FLAG.sub("", text)
    return [kind for kind, pattern in HIDDEN.items() if pattern.search(plain)]


def clean(text: str) -> str:
    """The text without what a person would not see."""
    if text.isascii() and not warnings(text):
        return text
    kept = _FLAG.split(text)
    flags = _FLAG.findall(text)
    cleaned = [_clean(part) for part in kept]
    return "".join(part + flag for part, flag in zip(cleaned, [*flags, ""], strict=True))


def _clean(text: str) -> str:
    for pattern in (_COMMENT, _TAGS, _BIDI, _CONTROL, _RUN, _SELECTORS):
        text = pattern.sub("", text)
    return _BLANK.sub(" ", text)
