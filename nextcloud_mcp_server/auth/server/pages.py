"""The few pages that people see: without scripts, not to be framed, nothing loaded from anywhere."""

import base64
import hashlib
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.core.errors import Delayed, NextcloudError

if TYPE_CHECKING:
    from jinja2 import Environment

WAIT_SECONDS = 5
_ACCESS = {"read": "read", "send": "send", "write": "create, change and delete"}
_OIDC = {"openid": "who you are", "profile": "your name", "email": "your mail address"}
_AREAS = {
    "semantic": "search by meaning",
    "todo": "tasks",
    "unified": "search in all apps",
    "users": "people's profiles",
    "userstatus": "status",
}


@cache
def _environment() -> "tuple[Environment, str]":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(loader=PackageLoader("nextcloud_mcp_server.auth.server"), autoescape=True, undefined=StrictUndefined)
    environment.trim_blocks = environment.lstrip_blocks = True
    loader: Any = environment.loader
    style: str = loader.get_source(environment, "style.css")[0]
    return environment, style


def render(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page with its headers."""
    from markupsafe import Markup

    environment, style = _environment()
    body = environment.get_template(f"{template}.html").render(style=Markup(style), **values)  # noqa: S704 - our own file
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    headers = {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{hashed}'; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        # With `no-referrer` a browser sends our own form with `Origin: null` (Fetch, "append a request Origin header").
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(body, status, headers)


def failure(text: str, hint: str = "", status: int = 400) -> HTMLResponse:
    """The error page."""
    return render("error", status=status, text=text, hint=hint)


def outage(error: NextcloudError | OAuthRefused, hint: str) -> HTMLResponse:
    """The error page where Nextcloud or the provider did not do its part."""
    text = error.message if isinstance(error, NextcloudError) else "The identity provider refused the sign-in."
    return failure(text, hint, 503 if isinstance(error, Delayed) else 502)


def waiting(name: str, login_url: str, here: str) -> HTMLResponse:
    """The page that waits until the person granted access at Nextcloud; it asks again by itself, as no script does it."""
    return render("grant", seconds=WAIT_SECONDS, name=name, login_url=login_url, place=place_of(login_url), here=here)


def onward(answer: Response, issuer: str) -> Response:
    """The answer to a form: a redirect to elsewhere becomes a page that goes there.

    Browsers hold `form-action` against every redirect that follows a form, also against those that a provider or a client adds.
    """
    url = answer.headers.get("location", "")
    if not url or url.startswith(f"{issuer}/"):
        return answer
    page = render("onward", url=url, place=place_of(url))
    page.raw_headers.extend(header for header in answer.raw_headers if header[0] == b"set-cookie")
    return page


def in_words(scopes: Collection[str]) -> list[tuple[str, list[str]]]:
    """What scopes allow: what may be done, and in which areas; the most far-reaching first."""
    by_area: dict[str, list[str]] = {}
    for scope in scopes:
        area, _, access = scope.partition(":")
        if access:
            by_area.setdefault(_AREAS.get(area, area), []).append(access)
    groups: dict[tuple[str, ...], list[str]] = {}
    for area in sorted(by_area):
        groups.setdefault(tuple(sorted(by_area[area], key=_place)), []).append(area)
    lines = [(_sentence(accesses), groups[accesses]) for accesses in sorted(groups, key=_reach)]
    about = [_OIDC[scope] for scope in _OIDC if scope in scopes]
    return [*lines, ("Know about you", about)] if about else lines


def _place(access: str) -> tuple[int, str]:
    return list(_ACCESS).index(access) if access in _ACCESS else len(_ACCESS), access


def _reach(accesses: tuple[str, ...]) -> tuple[bool, int]:
    return accesses == ("read",), -len(accesses)


def _sentence(accesses: tuple[str, ...]) -> str:
    if accesses == ("read",):
        return "Only read"
    return ", ".join(_ACCESS.get(access, access) for access in accesses).capitalize()


def origin_of(uri: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def place_of(uri: str) -> str:
    """Host and port as people read them."""
    return urlsplit(uri).netloc
