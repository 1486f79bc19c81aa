"""Reading a recipe from a web page: its first JSON-LD block of type Recipe."""

import json
import re
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from nextcloud_sandbox.areas.cookbook.filters import Recipe

Fetch = Callable[[str], Awaitable[str]]
BLOCK = re.compile(r"<script[^>]*application/ld\+json[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


class NotRead(Exception):
    """The page cannot be had; the text is what Cookbook says."""


def allowed(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return parts.scheme in ("http", "https") and host not in ("", "localhost")
    return False


async def fetch(url: str) -> str:
    """The page. Names below .localhost are this machine (RFC 6761), whatever the resolver says."""
    address = URL(url)
    if (address.host or "").endswith(".localhost"):
        address = address.with_host("127.0.0.1")
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as http, http.get(address) as answer:
            return await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NotRead(f"Exception while downloading recipe from {url}.: {type(error).__name__}") from None


def recipe_in(page: str) -> Recipe:
    for block in BLOCK.findall(page):
        try:
            data: Any = json.loads(block)
        except ValueError:
            continue
        for one in data if isinstance(data, list) else [data]:  # pyright: ignore[reportUnknownVariableType]
            if isinstance(one, dict) and one.get("@type") == "Recipe":  # pyright: ignore[reportUnknownMemberType]
                return one  # pyright: ignore[reportUnknownVariableType]
    raise NotRead("No parser found for the given import.")
