"""The text around a passage, put together again from the passages beside it. Pure."""

from collections.abc import Sequence

from nextcloud_mcp_server.index.bodies import Body


def context(bodies: Sequence[Body], start: int, end: int, characters: int) -> tuple[str, str]:
    """Up to `characters` before offset `start` and after offset `end`, without gaps; passages overlap and come in any order."""
    ordered = sorted(bodies, key=lambda body: body.start)
    before, at = "", start
    for body in reversed(ordered):
        if body.start < at <= body.end and at > start - characters:
            before = body.text[: at - body.start] + before
            at = body.start
    after, at = "", end
    for body in ordered:
        if body.start <= at < body.end and at < end + characters:
            after += body.text[at - body.start :]
            at = body.end
    return before[-characters:] if characters else "", after[:characters]
