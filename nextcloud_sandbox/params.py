"""Parameters as Nextcloud's request object merges them: query, form, JSON body, then the path."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import hdrs, web


class Params(dict[str, Any]):
    """Named parameters with PHP's casts: "true", "1" and 1 are true; a number in a string is a number."""

    def text(self, name: str, default: str = "") -> str:
        value = self.get(name)
        if value is None:
            return default
        return ("1" if value else "") if isinstance(value, bool) else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        value = self.get(name)
        try:
            return default if value is None or value == "" else int(float(value))
        except (TypeError, ValueError):
            return default

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.get(name)
        return default if value is None else value not in (False, 0, "", "0", "false")

    def items_of(self, name: str) -> list[Any]:
        """A list, given as a JSON array, as `name[]=...` or as one value."""
        value: Any = self.get(name)
        if value is None or value == "":
            return []
        if isinstance(value, dict):
            return list(value.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return list(value) if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def php_query(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Query pairs with PHP's `name[]` and `name[key]`."""
    out: dict[str, Any] = {}
    for key, value in pairs:
        name, bracket, rest = key.partition("[")
        if not bracket:
            out[key] = value
            continue
        inner = rest.rstrip("]")
        kept: Any = out.get(name)
        if inner:
            out[name] = {**(kept if isinstance(kept, dict) else {}), inner: value}
        else:
            out[name] = [*(kept if isinstance(kept, list) else []), value]  # pyright: ignore[reportUnknownVariableType]
    return out


async def read_params(request: web.Request, args: dict[str, str]) -> Params:
    """A body that is not JSON, or JSON under another content type, is silently ignored."""
    out = Params(php_query(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)))
    kind = request.headers.get(hdrs.CONTENT_TYPE, "").split(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        out.update(php_query(parse_qsl((await request.read()).decode(errors="replace"), keep_blank_values=True)))
    elif kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        try:
            body = json.loads(await request.read() or b"null")
        except ValueError:
            body = None
        if isinstance(body, dict):
            out.update(body)  # pyright: ignore[reportUnknownArgumentType]
    out.update(args)
    return out
