"""How often and how fast background scans may ask Nextcloud."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from nextcloud_mcp_server.core.errors import Delayed, NextcloudError

GROWTH = 1.5
JITTER = 0.1
AIM = 0.9
"""Share of the rate that rounds are planned for: who is asking, and which apps there are, is asked besides."""
BACKOFF = 6
"""Doublings of the interval after failures in a row."""
LONGEST_HOLD = 3600.0
"""Seconds that a `Retry-After` is heeded at most: it is written by proxies too, and some name days."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between a user's scans. `longest` is reached step by step while nothing changes and `adapt()` allows it."""

    shortest: float = 300
    longest: float = 3600
    adapt: Callable[[], bool] = lambda: False

    def after(self, interval: float, *, changed: bool, failures: int) -> float:
        """The next interval, without jitter."""
        if failures:
            return min(self.shortest * 2 ** min(failures - 1, BACKOFF), max(self.longest, self.shortest))
        if changed or not self.adapt():
            return self.shortest
        return min(max(interval, self.shortest) * GROWTH, max(self.longest, self.shortest))


def hold_of(error: NextcloudError) -> float:
    """The seconds in which Nextcloud asks to be left alone; 0 where it does not."""
    asked = error.retry_after if isinstance(error, Delayed) else None
    return min(asked or 0.0, LONGEST_HOLD)


class Pace:
    """Requests of scans to one Nextcloud: at most `rate` a second together, in the order they were asked for."""

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._next = 0.0

    async def take(self, requests: int = 1) -> None:
        """Returns when the request may be sent."""
        now = self._clock()
        at = max(now, self._next)
        self._next = at + requests / self.rate
        if at > now:
            await asyncio.sleep(at - now)

    def stretch(self, interval: float, requests: float) -> float:
        """The interval that keeps `requests` for each round of all users under the rate."""
        return max(interval, requests / (AIM * self.rate))


def jittered(seconds: float) -> float:
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load
