"""`/health/live` and `/health/ready`, without a credential and without details."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Check = Callable[[], Awaitable[str]]
"""Says "ok" or, in a few words without secrets, what is wrong."""

FRESH_FOR = 15.0


@dataclass
class Health:
    """Liveness and readiness. `gates` are checks that requests need; `reports` are only told."""

    mode: str
    gates: Mapping[str, Check] = field(default_factory=dict[str, Check])
    reports: Mapping[str, Check] = field(default_factory=dict[str, Check])

    _last: dict[str, str] = field(default_factory=dict[str, str])
    _asked: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def routes(self) -> list[Route]:
        return [Route("/health/live", self.live), Route("/health/ready", self.ready)]

    async def live(self, _: Request) -> JSONResponse:
        return JSONResponse({"status": "alive", "mode": self.mode})

    async def ready(self, _: Request) -> JSONResponse:
        checks = await self._checked()
        ready = all(checks[name] == "ok" for name in self.gates)
        return JSONResponse({"status": "ready" if ready else "not_ready", "checks": checks}, 200 if ready else 503)

    async def _checked(self) -> dict[str, str]:
        """All checks, from a cache of some seconds: probes must not become a load."""
        async with self._lock:
            if time.monotonic() - self._asked >= FRESH_FOR:
                every = {**self.gates, **self.reports}
                self._last = dict(zip(every, await asyncio.gather(*(check() for check in every.values())), strict=True))
                self._asked = time.monotonic()
            return self._last
