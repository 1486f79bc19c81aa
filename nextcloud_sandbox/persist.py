"""The state folder: one pickle, replaced atomically, written behind the requests."""

import asyncio
import pickle
from pathlib import Path

from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.model import Data

DELAY = 0.2


class Keeper:
    """Saves `sandbox` in `folder` within DELAY seconds after a change: a kill -9 loses at most the changes of that time."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._path = folder / "sandbox.pickle"
        self._saved = -1
        self._task: asyncio.Task[None] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def load(self) -> bool:
        """Whether there was a state to go on with. Only ever point this at a folder that the sandbox wrote."""
        if not self._path.exists():
            return False
        data = pickle.loads(self._path.read_bytes())  # noqa: S301  (its own file)
        if not isinstance(data, Data):
            raise ValueError(f"{self._path} is not a sandbox's state")
        self._sandbox.restore(data)
        self._saved = self._sandbox.changes
        return True

    def save(self) -> None:
        if self._saved == self._sandbox.changes:
            return
        self._saved = self._sandbox.changes
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(pickle.dumps(self._sandbox.data, pickle.HIGHEST_PROTOCOL))
        fresh.replace(self._path)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(DELAY)
            self.save()

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.save()
