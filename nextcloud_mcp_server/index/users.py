"""Starts and stops the scanners of all provisioned users."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from nextcloud_mcp_server.core.ending import end
from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.index.scanner import Scanner
from nextcloud_mcp_server.storage import StorageError

TIDYING = 5.0
"""Seconds that a scanner may take to give back what it holds."""

log = logging.getLogger(__name__)


class UserManager:
    """`provisioned` tells who is, and raises while that cannot be known; it is asked every `poll` seconds, and at once by `look`.

    `make` gives a user's scanner.
    """

    def __init__(self, provisioned: Callable[[], Awaitable[frozenset[str]]], make: Callable[[str], Scanner], *, poll: float = 60) -> None:
        self._provisioned, self._make, self._poll = provisioned, make, poll
        self._scanners: dict[str, tuple[Scanner, asyncio.Task[None]]] = {}
        self._look = asyncio.Event()

    @property
    def users(self) -> frozenset[str]:
        """Who is scanned now."""
        return frozenset(self._scanners)

    def look(self) -> None:
        """Somebody was provisioned or revoked."""
        self._look.set()

    def wake(self, user: str) -> bool:
        """Scans a user at once; False where nobody scans the user here."""
        found = self._scanners.get(user)
        if found:
            found[0].wake()
        return found is not None

    async def run(self) -> None:
        """Until cancelled; then every scanner is cancelled and has ended."""
        try:
            while True:
                self._look.clear()
                await self.update()
                try:
                    async with asyncio.timeout(self._poll):
                        await self._look.wait()
                except TimeoutError:
                    continue
        finally:
            await self._cancel(set(self._scanners))

    async def update(self) -> None:
        """Makes the scanners those of the provisioned users. Where these cannot be known everything goes on as it is."""
        try:
            wanted = await self._provisioned()
        except (NextcloudError, StorageError) as error:
            log.warning("Who is provisioned cannot be known now: %s", error)
            return
        ended = {user for user, (_, task) in self._scanners.items() if task.done()}
        await self._cancel((set(self._scanners) - wanted) | ended)
        for user in sorted(wanted - set(self._scanners)):
            scanner = self._make(user)
            self._scanners[user] = (scanner, asyncio.create_task(scanner.run(), name=f"scan {user}"))

    async def _cancel(self, users: set[str]) -> None:
        tasks = [self._scanners.pop(user)[1] for user in users]
        await end(*tasks, again=TIDYING)
        for task in tasks:
            if not task.cancelled() and (failed := task.exception()):
                log.error("A scanner ended: %s", failed, exc_info=failed)
