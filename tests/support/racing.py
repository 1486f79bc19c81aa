"""Somebody else at work while a tool is between two of its requests."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.assistant import Assistant


def just_before(monkeypatch: pytest.MonkeyPatch, person: Assistant, method: str, part: str, other: Callable[[], Awaitable[Any]]) -> None:
    """Lets `other` happen once, right before the person's next request of this method with `part` in its path."""
    transport = person.session.transport
    stream = transport.stream

    @asynccontextmanager
    async def raced(credential: Any, verb: str, path: str, **more: Any) -> AsyncGenerator[Any]:
        if verb == method and part in path:
            monkeypatch.undo()
            await other()
        async with stream(credential, verb, path, **more) as answer:
            yield answer

    monkeypatch.setattr(transport, "stream", raced)
