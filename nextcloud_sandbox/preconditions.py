"""If-Match and If-None-Match as sabre/dav checks them. `etag` is the header's form, with its quotes, or None for folders."""

from nextcloud_sandbox.calls import Call, Refusal, reply
from nextcloud_sandbox.dav import DavError


def check(call: Call, etag: str | None, *, exists: bool) -> None:
    """Raise what ends the request: 412, or 304 for a GET whose If-None-Match holds."""
    wanted = call.headers.get("If-Match")
    if wanted is not None:
        if not exists:
            raise failed("An If-Match header was specified and the resource did not exist", "If-Match")
        if wanted.strip() != "*" and not matches(wanted, etag):
            raise failed("An If-Match header was specified, but none of the specified ETags matched.", "If-Match", etag)
    unwanted = call.headers.get("If-None-Match")
    if unwanted is None or not exists:
        return
    everything = unwanted.strip() == "*"
    if everything or matches(unwanted, etag):
        shown = None if everything else etag
        if call.request.method in ("GET", "HEAD"):
            raise Refusal(reply(304, kind=None, headers={"ETag": shown} if shown else {}))
        raise failed("An If-None-Match header was specified, but the ETag matched (or * was specified).", "If-None-Match", shown)


def matches(header: str, etag: str | None) -> bool:
    return etag is not None and any(item.strip().replace('\\"', '"') == etag for item in header.split(","))


def failed(message: str, header: str, etag: str | None = None) -> DavError:
    return DavError(412, message, extra=f"  <s:header>{header}</s:header>\n", headers={"ETag": etag} if etag else {})
