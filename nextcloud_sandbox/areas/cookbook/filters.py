"""What Cookbook makes of a recipe's JSON whenever it reads or writes it: missing properties appear, unreadable ones are emptied."""

import re
from typing import Any
from urllib.parse import urlsplit

Recipe = dict[str, Any]
TAG = re.compile(r"<(?=[A-Za-z/!?0-9]).*?(>|\Z)", re.DOTALL)
ISO = re.compile(r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?")
HOURS_MINUTES = re.compile(r"(\d+):(\d{1,2})")
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&"))


def clean(text: Any, *, lines: bool = False, slashes: bool = True, backslashes: bool = False) -> str:
    """Without HTML tags, doubled spaces and backslashes; `lines` and `slashes` may stay."""
    out = TAG.sub("", str(text or ""))
    out = out if lines else out.replace("\r", " ").replace("\n", " ")
    out = out.replace("\t", " ")
    out = out if backslashes else out.replace("\\", "_")
    out = out if slashes else out.replace("/", "_")
    for entity, character in ENTITIES:
        out = out.replace(entity, character)
    return re.sub(" +", " ", out).strip()


def applied(recipe: Recipe) -> Recipe:
    """The recipe with every property that Cookbook knows, in its form; others stay."""
    out = {
        **recipe,
        "@context": "http://schema.org",
        "@type": "Recipe",
        "name": clean(recipe.get("name"), backslashes=True),
        "image": recipe["image"] if isinstance(recipe.get("image"), str) else "",
        "recipeCategory": clean(first(recipe.get("recipeCategory")), slashes=False),
        "recipeYield": portions(recipe.get("recipeYield")),
        "keywords": keywords(recipe.get("keywords")),
        "tool": listed(recipe.get("tool")),
        "recipeIngredient": listed(recipe.get("recipeIngredient")),
        "recipeInstructions": listed(recipe.get("recipeInstructions")),
        "description": clean(recipe.get("description"), lines=True),
        "url": web_address(recipe.get("url")),
        "nutrition": {key: value for key, value in as_map(recipe.get("nutrition")).items() if value},
    }
    out |= {name: duration(recipe.get(name)) for name in ("prepTime", "cookTime", "totalTime")}
    out |= {name: recipe.get(name) for name in ("dateCreated", "dateModified", "datePublished")}
    return out


def first(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""  # pyright: ignore[reportUnknownVariableType]
    return value if isinstance(value, str) else ""


def as_map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def keywords(value: Any) -> str:
    parts: list[Any] = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]
    return ",".join(dict.fromkeys(word for word in (clean(part) for part in parts) if word))


def listed(value: Any) -> list[str]:
    parts: list[Any] = re.split(r"[\n\r]+", value) if isinstance(value, str) else value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]
    texts = [as_map(part).get("text") if isinstance(part, dict) else part for part in parts]
    return [text for text in (clean(part, lines=True) for part in texts) if text]


def portions(value: Any) -> int | None:
    if isinstance(value, list):
        value = " ".join(str(part) for part in value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if value is None or isinstance(value, int | float):
        return None if value is None else int(value)
    found = re.findall(r"\d+", str(value))
    return int(max(found)) if found else 1


def web_address(value: Any) -> str:
    parts = urlsplit(value if isinstance(value, str) else "")
    return value if parts.scheme and parts.netloc else ""


def duration(value: Any) -> str | None:
    """`PT0H10M0S`; days and above are dropped, what is no duration is null."""
    text = value.strip() if isinstance(value, str) else ""
    if found := ISO.fullmatch(text):
        hours, minutes, seconds = (int((found[group] or "0")[:-1] or 0) for group in (6, 7, 8))
        total = hours * 3600 + minutes * 60 + seconds
        return f"PT{total // 3600}H{total // 60 % 60}M{total % 60}S"
    if found := HOURS_MINUTES.fullmatch(text):
        return f"PT{int(found[1])}H{int(found[2])}M"
    return None


def folder_name(name: str) -> str:
    """The folder of a recipe's file."""
    out = re.sub(r"""[\\/:?!"'|&^#]""", "_", name)
    return out if len(out) <= 100 else out[:97] + "___"
