"""An answer of Nextcloud, and what its status means.

Sources: the OCS and WebDAV documentation of Nextcloud 32, RFC 4918 (WebDAV), RFC 9110 (HTTP).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from xml.etree.ElementTree import ParseError

import orjson
from pydantic import TypeAdapter, ValidationError

from nextcloud_mcp_server.core.clock import utc_now
from nextcloud_mcp_server.core.errors import (
    AlreadyExists,
    BadAnswer,
    Changed,
    CredentialRefused,
    InvalidValue,
    Locked,
    Maintenance,
    NextcloudError,
    NotFound,
    NotPermitted,
    RateLimited,
    TooLarge,
)

T = TypeVar("T")

_KINDS: Mapping[int, tuple[type[NextcloudError], str]] = {
    400: (InvalidValue, "Nextcloud does not accept the request for {what}{why}."),
    403: (NotPermitted, "Nextcloud does not permit this for {what}{why}."),
    404: (NotFound, "{What} not found."),
    405: (InvalidValue, "Nextcloud does not allow this operation on {what}{why}."),
    409: (AlreadyExists, "{What} is in conflict with something that exists, or its folder is missing{why}."),
    413: (TooLarge, "{What} is too large for this Nextcloud."),
    415: (InvalidValue, "Nextcloud does not accept the content of {what}{why}."),
    422: (InvalidValue, "Nextcloud does not accept the values for {what}{why}."),
    423: (Locked, "{What} is locked."),
    507: (TooLarge, "There is no room left for {what}: the quota is used up."),
}


@dataclass(frozen=True)
class Answer:
    """Status, headers (any case) and body of one exchange; `what` names the subject in errors."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    what: str

    @property
    def etag(self) -> str | None:
        """The ETag without quotes, weakness mark and the suffix a compressing proxy adds."""
        return bare_etag(self.headers.get("ETag"))

    def json(self) -> Any:
        """The body as JSON. Raises BadAnswer for HTML, an empty body, or one that is cut short."""
        if not self.body:
            raise BadAnswer(f"Nextcloud sent an empty answer about {self.what}.")
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            kind = "a web page" if self.body.lstrip()[:1] == b"<" else "something that is not JSON or is cut short"
            raise BadAnswer(f"Nextcloud sent {kind} instead of data about {self.what}.") from None

    def parse(self, adapter: TypeAdapter[T]) -> T:
        """The body as JSON of a known shape. Raises BadAnswer for another shape."""
        return shape(adapter, self.json(), self.what)


def shape(adapter: TypeAdapter[T], value: Any, what: str) -> T:
    """`value` as the type of `adapter`; BadAnswer names the first field that does not fit."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BadAnswer(f"Nextcloud's answer about {what} has an unexpected shape: {field}: {first['msg']}.") from None


def bare_etag(value: str | None) -> str | None:
    """An ETag as the tools show and take it: no quotes, no `W/`, no `-gzip`."""
    if not value:
        return None
    return value.strip().removeprefix("W/").strip('"').removesuffix("-gzip").removesuffix(";gzip")


def quoted_etag(value: str) -> str:
    """An ETag as `If-Match` wants it (RFC 9110 8.8.3); `*` stays."""
    bare = bare_etag(value)
    return "*" if bare == "*" else f'"{bare}"'


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a `Retry-After` header, given as seconds or as a date (RFC 9110 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - utc_now()).total_seconds())
    except (ValueError, TypeError):
        return None


def failure(answer: Answer) -> NextcloudError:
    """The error that an answer of 400 and above stands for."""
    status, what = answer.status, answer.what
    if status == 401:
        return CredentialRefused("Nextcloud does not accept the credential of this account.")
    if status == 412:
        return _precondition(answer)
    if status == 429:
        return RateLimited("Nextcloud limits how often this account may ask.", retry_after=retry_after(answer.headers))
    if status in (502, 503, 504):
        return Maintenance("Nextcloud is in maintenance or overloaded.", retry_after=retry_after(answer.headers))
    if known := _KINDS.get(status):
        kind, text = known
        why = _reason(answer)
        return kind(text.format(what=what, What=what[:1].upper() + what[1:], why=f": {why}" if why else ""))
    return BadAnswer(f"Nextcloud failed on {what} (status {status}).")


def _precondition(answer: Answer) -> NextcloudError:
    if b"CSRF check failed" in answer.body:
        return BadAnswer("Nextcloud took the request for a browser's.", hint="A proxy may strip the OCS-APIRequest header.")
    what = answer.what[:1].upper() + answer.what[1:]
    return Changed(f"{what} was modified by someone else.", etag=answer.etag or _etag_in_body(answer))


def _etag_in_body(answer: Answer) -> str | None:
    try:
        value: Any = orjson.loads(answer.body)["etag"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return bare_etag(value) if isinstance(value, str) else None


def _reason(answer: Answer) -> str:
    """What Nextcloud itself says of the failure, if it says it in plain words."""
    body = answer.body
    if body[:1] in (b"{", b"["):
        return _plain(_json_reason(body))
    if body[:5] in (b"<?xml", b"<d:er"):
        from nextcloud_mcp_server.nextcloud.dav import error_message

        try:
            return _plain(error_message(body))
        except (ParseError, BadAnswer):
            return ""
    return ""


def _json_reason(body: bytes) -> Any:
    try:
        value: Any = orjson.loads(body)
        if isinstance(value, dict):
            meta: Any = value.get("ocs", {}).get("meta", {}) if "ocs" in value else value  # type: ignore[reportUnknownMemberType]
            return meta.get("message") or meta.get("msg") or meta.get("error")  # type: ignore[reportUnknownMemberType,reportUnknownVariableType]
    except (orjson.JSONDecodeError, AttributeError):
        pass
    return ""


def _plain(text: Any) -> str:
    """One short line without paths and markup, or nothing."""
    line = " ".join(str(text or "").split()).rstrip(".")
    return "" if "/" in line or "\\" in line or "<" in line or len(line) > 200 else line
