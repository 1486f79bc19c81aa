"""One request as a handler sees it, and the answers it can give."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.identity import Identity
from nextcloud_sandbox.model import User
from nextcloud_sandbox.params import Params, read_params
from nextcloud_sandbox.routing import Family, Match

JSON = "application/json; charset=utf-8"
NO_STORE = "no-cache, no-store, must-revalidate"
BIG = 1 << 20


class Refusal(Exception):
    """Ends a request with `response`; raised from anywhere below a handler."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


@dataclass(slots=True)
class Call:
    """`args` are the path's parameters, decoded. `ocs_version` is 1 or 2. `path` is the raw path without prefix and /index.php."""

    sandbox: Sandbox
    request: web.Request
    match: Match
    identity: Identity
    _params: Params | None = field(default=None)

    @property
    def args(self) -> dict[str, str]:
        return self.match.args

    @property
    def path(self) -> str:
        return self.match.path

    @property
    def path_decoded(self) -> str:
        return unquote(self.match.path)

    @property
    def user(self) -> User:
        """The caller; routes that nobody may call without signing in can rely on it."""
        if self.identity.user is None:
            raise LookupError("a public route asked for the user")
        return self.identity.user

    @property
    def user_or_none(self) -> User | None:
        return self.identity.user

    @property
    def uid(self) -> str:
        return self.user.id

    @property
    def is_admin(self) -> bool:
        return self.sandbox.is_admin(self.uid)

    def header(self, name: str, default: str = "") -> str:
        return self.request.headers.get(name, default)

    @property
    def headers(self) -> Mapping[str, str]:
        return self.request.headers

    async def params(self) -> Params:
        """Query, form and JSON body merged, then the path's parameters."""
        if self._params is None:
            self._params = await read_params(self.request, self.args)
        return self._params

    async def body(self) -> bytes:
        return await self.request.read()

    def base_url(self) -> str:
        """The instance's address, without a slash at the end."""
        return f"{self.request.scheme}://{self.request.host}{self.sandbox.prefix}"

    def url(self, path: str) -> str:
        """An absolute address of a page or API, with /index.php when the instance needs it."""
        index = (
            "/index.php"
            if self.sandbox.index_php and not path.startswith(("/remote.php", "/ocs/", "/status.php", "/core/", "/public.php"))
            else ""
        )
        return f"{self.base_url()}{index}{path}"

    def href(self, path: str) -> str:
        """The path of a DAV resource as it stands in a d:href: percent-encoded already, with the prefix."""
        return self.sandbox.prefix + path

    def json(self, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
        return reply(status, dumps(data), JSON, headers)


def dumps(data: Any) -> bytes:
    """JSON as PHP writes it: no spaces, slashes escaped, UTF-8 as \\u escapes."""
    return json.dumps(data, separators=(",", ":")).replace("/", "\\/").encode()


def reply(
    status: int = 200, body: bytes = b"", kind: str | None = "text/html; charset=UTF-8", headers: Mapping[str, str] | None = None
) -> web.Response:
    """Any answer. `kind` None leaves out the content type. Large bodies are streamed."""
    sent = dict(headers or {})
    if kind is not None:
        sent.setdefault("Content-Type", kind)
    response = web.Response(status=status, body=io.BytesIO(body) if len(body) >= BIG else body, headers=sent)
    if kind is None and "Content-Type" not in sent:
        response.headers.pop("Content-Type", None)
    return response


def html(status: int, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return reply(status, text.encode(), "text/html; charset=UTF-8", headers)


def finish_headers(call: Call, response: web.StreamResponse) -> None:
    """What Nextcloud adds to every answer of its app framework."""
    refused_login = call.match.family is Family.APP and call.identity.failure
    crashed = response.status == 500 and response.content_type == "text/html"
    if call.match.family in (Family.OCS, Family.APP) and not refused_login and not crashed and response.status != 405:
        response.headers.setdefault("Cache-Control", NO_STORE)
        if call.identity.user is not None and response.status not in (401, 405):
            response.headers.setdefault("X-User-Id", call.identity.user.id)
