"""Deck's validation of parameters, in its words; and handlers that answer refusals in its form."""

import re
import secrets
import string
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from aiohttp import web

from nextcloud_sandbox import ocs
from nextcloud_sandbox.areas.deck.records import Records
from nextcloud_sandbox.areas.deck.state import Decks, Problem
from nextcloud_sandbox.calls import Call, reply
from nextcloud_sandbox.params import Params
from nextcloud_sandbox.routing import Handler, Routes

API = "/apps/deck/api/v{version:[^/]+}/boards"
CARD = API + "/{boardId:\\d+}/stacks/{stackId:\\d+}/cards/{cardId:\\d+}"
Answer = Callable[["Desk"], Awaitable[Any]]


class Desk:
    """A request to Deck: parameters, state, and the answers for its caller."""

    def __init__(self, call: Call, values: Params) -> None:
        self.call = call
        self.values = values
        self.user = call.uid
        self.decks = Decks(call.sandbox)
        self.records = Records(self.decks, call.uid)

    def id(self, name: str) -> int:
        return int(self.call.args.get(name) or self.values.integer(name))

    def need(self, *names: str, longest: int = 255) -> None:
        """Refuses the first of the parameters that is missing, empty, or too long."""
        for name in names:
            check(name, self.values.get(name), longest)


def check(name: str, value: Any, longest: int) -> None:
    rule = "numeric" if name in ("order", "labelId", "cardId") else "not empty"
    if rule == "numeric":
        ok = isinstance(value, int | float) or (isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None)
    else:
        ok = bool(value.strip()) if isinstance(value, str) else bool(value)
    if not ok:
        raise Problem(400, f"{name} must be provided and must be {rule}")
    most = 6 if name == "color" else longest
    if rule != "numeric" and len(value if isinstance(value, str | list | dict) else str(value)) > most:  # pyright: ignore[reportUnknownArgumentType]
        raise Problem(400, f"{name} cannot be longer than {most} characters ")


def date(value: Any) -> str | None:
    """A date as PHP's DateTime reads it, in UTC; empty is none."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise Problem(500, internal_error()) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")


def internal_error() -> str:
    request = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(19)) + secrets.choice(string.digits)
    return (
        "Internal server error: Please contact the server administrator if this error reappears multiple times, "
        f'please include the request ID "{request}" below in your report.'
    )


def route(routes: Routes, method: str, path: str) -> Callable[[Answer], Answer]:
    """Registers a handler that returns data, or a whole answer; refusals are answered as Deck does."""

    def register(answer: Answer) -> Answer:
        is_ocs = not path.startswith("/apps/deck/api/v{version:[^/]+}/boards")

        @wraps(answer)
        async def handler(call: Call) -> web.StreamResponse:
            try:
                value = await answer(Desk(call, await call.params()))
            except Problem as problem:
                if is_ocs:
                    return ocs.fail(call, problem.status, problem.message)
                return call.json(failure(problem), problem.status)
            if isinstance(value, web.StreamResponse):
                return value
            return ocs.ok(call, value) if is_ocs else call.json(value)

        made: Handler = handler
        (routes.ocs if is_ocs else routes.app)(method, path)(made)
        return answer

    return register


def failure(problem: Problem) -> dict[str, Any]:
    found = re.search(r'request ID "(\w+)"', problem.message)
    return {"status": problem.status, "message": problem.message, **({"requestId": found[1]} if found else {})}


def conditional(desk: Desk, value: Any, etag: str) -> web.Response:
    """The answer with its ETag, or 304 where the caller has it."""
    headers = {"ETag": f'"{etag}"'}
    if desk.call.header("If-None-Match").strip('"') == etag:
        return reply(304, kind=None, headers=headers)
    return desk.call.json(value, headers=headers)
