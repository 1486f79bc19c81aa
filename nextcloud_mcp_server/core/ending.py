"""Ends tasks that run in the background."""

import asyncio
from typing import Any


async def end(*tasks: "asyncio.Task[Any]", again: float = 1.0) -> None:
    """Cancels tasks until they are over; what they raise is left in them.

    Once is not enough: on Python 3.11 `asyncio.wait_for`, which psycopg uses, drops a cancellation that comes together with what it
    waits for. A task that needs time to clean up gets `again` seconds before it is cancelled once more.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=again)
