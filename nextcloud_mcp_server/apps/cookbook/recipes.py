"""What a recipe's parts become on the wire, and which recipes match; pure.

Cookbook drops what it cannot read without a word: times that are not `PT#H#M#S`, addresses without a scheme, and everything
behind a `<` that looks like a tag. Such values are refused here.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from nextcloud_mcp_server.apps.cookbook.models import Recipe, Stub
from nextcloud_mcp_server.core.errors import Changed, InvalidValue
from nextcloud_mcp_server.nextcloud.answers import bare_etag

ADDED = frozenset({"printImage", "imageUrl", "imagePlaceholderUrl"})
"""What answers have besides the recipe; sent back, it would be written into the recipe."""

TIMES = ("prepTime", "cookTime", "totalTime")
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)
_TAG = re.compile(r"<\S[^\n]{0,20}")
_URL = re.compile(r"https?://[^\s/]+\S*\Z", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def given(fields: Mapping[str, Any]) -> Recipe:
    """The properties that are named, in the forms that Cookbook keeps. Raises InvalidValue for what it would lose."""
    named = {name: value for name, value in fields.items() if value is not None}
    for name, value in named.items():
        if tag := _TAG.search("\n".join(value) if isinstance(value, list) else str(value)):  # pyright: ignore[reportUnknownArgumentType]
            hint = "Write a space behind the < or use words; nothing was changed."
            raise InvalidValue(f"{name} has {tag[0]!r}, which Cookbook removes as if it were HTML.", hint=hint)
    if "name" in named and not str(named["name"]).strip():
        raise InvalidValue("name is empty; a recipe needs one.")
    if named.get("url") and not _URL.match(named["url"]):
        raise InvalidValue(f"url {named['url'][:80]!r} is not a web address.", hint="It begins with http:// or https://.")
    return {**named, **{name: duration(named[name]) for name in TIMES if name in named}}


def duration(text: str) -> str:
    """An ISO 8601 duration as Cookbook stores it; days become hours, an empty text stays. Raises InvalidValue for others."""
    if not text.strip():
        return ""
    found = _DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise InvalidValue(f"{text[:40]!r} is not a duration.", hint="Write 15 minutes as PT15M, an hour and a half as PT1H30M.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return f"PT{total // 3600}H{total // 60 % 60}M{total % 60}S"


def replacement(recipe: Recipe, changes: Recipe) -> Recipe:
    """The whole recipe for a PUT, which replaces everything and takes the id from the body only."""
    return {**{name: value for name, value in recipe.items() if name not in ADDED}, **changes}


def etag_of(recipe: Recipe) -> str:
    """The version of a recipe: a hash of all it says, since Cookbook has no ETags and its dates know seconds only."""
    told = {name: value for name, value in recipe.items() if name not in ADDED}
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def same_version(etag: str | None, recipe: Recipe, what: str) -> None:
    """Raises Changed where `etag` is given and is not the current one."""
    if etag and bare_etag(etag) != etag_of(recipe):
        raise Changed(f"{what} was modified by someone else.", etag=etag_of(recipe))


def stored_otherwise(asked: Recipe, stored: Recipe) -> str | None:
    """Which properties do not read back as they were sent, as a sentence for the person."""
    other = [name for name, value in asked.items() if _plain(value) != _plain(stored.get(name))]
    return f"Cookbook stored another form of: {', '.join(other)}." if other else None


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value if _plain(one)]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, str):
        return ",".join(" ".join(part.split()) for part in value.split(",") if part.strip())
    return value or ""


def in_category(stubs: Iterable[Stub], category: str) -> list[Stub]:
    """The recipes of a category in any case; `_`, `*` or nothing: those without one."""
    wanted = "" if category.strip() in ("_", "*") else category.strip().casefold()
    return [stub for stub in stubs if (stub.category or "").casefold() == wanted]


def with_keywords(stubs: Iterable[Stub], keywords: Iterable[str]) -> list[Stub]:
    """The recipes that have every keyword, in any case."""
    wanted = {part.strip().casefold() for word in keywords for part in word.split(",")} - {""}
    return [stub for stub in stubs if wanted <= {word.casefold() for word in stub.keyword_list}]


def matching(stubs: Iterable[Stub], query: str) -> list[Stub]:
    """Recipes with every word of the query in name, category or keywords, else with any; words in the name first."""
    words = list(dict.fromkeys(_WORD.findall(query.casefold())))
    scored = [(_score(stub, words), stub) for stub in stubs]
    most = len(words) if any(found == len(words) for (found, _), _ in scored) else 1
    hits = [(score, stub) for score, stub in scored if score[0] >= most]
    return [stub for _, stub in sorted(hits, key=lambda hit: (-hit[0][0], -hit[0][1], hit[1].name.casefold()))]


def _score(stub: Stub, words: list[str]) -> tuple[int, int]:
    name, rest = stub.name.casefold(), f"{stub.category or ''}\n{stub.keywords or ''}".casefold()
    return sum(word in name or word in rest for word in words), sum(word in name for word in words)
