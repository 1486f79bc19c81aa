"""Which handler answers a path. Families differ in who may call and in how a refusal looks."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aiohttp import web

if TYPE_CHECKING:
    from nextcloud_sandbox.calls import Call

Handler = Callable[["Call"], Awaitable[web.StreamResponse]]


class Family(Enum):
    """OCS: /ocs/v1.php and v2.php. APP: /apps/..., /login/..., also behind /index.php. DAV: /remote.php. RAW: anything, no sign-in."""

    OCS = "ocs"
    APP = "app"
    DAV = "dav"
    RAW = "raw"


class Access(Enum):
    """Who may call.

    CORS: @CORS routes, by Basic or with OCS-APIRequest. CSRF: with OCS-APIRequest. OPEN: by any credentials. PUBLIC: anybody.
    ADMIN: administrators, with OCS-APIRequest.
    """

    CORS = "cors"
    CSRF = "csrf"
    OPEN = "open"
    PUBLIC = "public"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Route:
    """`method` may be "*"; `pattern` matches the raw (still percent-encoded) path."""

    app: str
    family: Family
    method: str
    pattern: re.Pattern[str]
    handler: Handler
    access: Access


PART = re.compile(r"\{(\w+)(?::([^{}]+))?\}")


def compile_path(path: str) -> re.Pattern[str]:
    """A regular expression for a template: `{id}` is one segment, `{path:.*}` takes any expression."""
    out: list[str] = []
    position = 0
    for match in PART.finditer(path):
        out += [re.escape(path[position : match.start()]), f"(?P<{match[1]}>{match[2] or '[^/]+'})"]
        position = match.end()
    return re.compile("".join(out) + re.escape(path[position:]) + r"\Z")


@dataclass
class Routes:
    """The routes of one area, in the order in which they are tried.

    Use as decorators: `@routes.ocs("GET", "/cloud/user")`, `@routes.app("GET", "/apps/notes/api/v1/notes")`,
    `@routes.dav("*", "/remote.php/dav/files/{user}{path:/?.*}")`, `@routes.raw("GET", "/status.php")`.
    OCS paths leave out /ocs/v?.php. Several methods may be given as "GET HEAD".
    """

    name: str
    routes: list[Route] = field(default_factory=list[Route])

    def _add(self, family: Family, methods: str, path: str, access: Access) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            for method in methods.split():
                self.routes.append(Route(self.name, family, method, compile_path(path), handler, access))
            return handler

        return register

    def ocs(self, methods: str, path: str, access: Access = Access.CSRF) -> Callable[[Handler], Handler]:
        return self._add(Family.OCS, methods, path, access)

    def app(self, methods: str, path: str, access: Access = Access.CORS) -> Callable[[Handler], Handler]:
        return self._add(Family.APP, methods, path, access)

    def dav(self, methods: str, path: str, access: Access = Access.OPEN) -> Callable[[Handler], Handler]:
        return self._add(Family.DAV, methods, path, access)

    def raw(self, methods: str, path: str) -> Callable[[Handler], Handler]:
        return self._add(Family.RAW, methods, path, Access.PUBLIC)


def join(*parts: Routes) -> Routes:
    """The routes of an area that is spread over several modules."""
    return Routes(parts[0].name, [route for part in parts for route in part.routes])


@dataclass(frozen=True, slots=True)
class Match:
    """`route` is None when nothing matches; `other_method` when only the method does not."""

    family: Family
    path: str
    route: Route | None = None
    args: dict[str, str] = field(default_factory=dict[str, str])
    other_method: bool = False
    ocs_version: int = 2


OCS = re.compile(r"/ocs/v([12])\.php(/.*)")


class Router:
    """Finds routes by family and by the first two segments of their literal beginning."""

    def __init__(self, routes: list[Route]) -> None:
        self._index: dict[tuple[Family, str], list[Route]] = {}
        for route in routes:
            self._index.setdefault((route.family, first(literal(route.pattern))), []).append(route)

    def match(self, method: str, raw_path: str) -> Match:
        ocs = OCS.match(raw_path)
        version = int(ocs[1]) if ocs else 2
        path = ocs[2] if ocs else raw_path
        families = [Family.OCS] if ocs else [Family.DAV] if path.startswith("/remote.php") else [Family.RAW, Family.APP]
        other = False
        for family in families:
            for route in self._index.get((family, first(path)), []) + self._index.get((family, ""), []):
                found = route.pattern.match(path)
                if found and route.method in (method, "*"):
                    args = {key: unquote(value) for key, value in found.groupdict().items() if value is not None}
                    return Match(family, path, route, args, ocs_version=version)
                other = other or found is not None
        return Match(families[-1], path, other_method=other, ocs_version=version)


def literal(pattern: re.Pattern[str]) -> str:
    return re.sub(r"\\(.)", r"\1", pattern.pattern.removesuffix(r"\Z").split("(")[0])


def first(path: str) -> str:
    """The key of a path: two segments, "/apps/notes"; of /remote.php three, "/remote.php/dav/files"."""
    parts = path.split("/")
    wanted = 4 if path.startswith("/remote.php") else 3
    return "/".join(parts[:wanted]) if len(parts) > wanted else ""
