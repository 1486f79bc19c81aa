"""Where downloaded and prepared parts stay between runs, and the lock that lets one process prepare or start a thing."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def cache_folder(name: str) -> Path:
    """A folder under `$XDG_CACHE_HOME/nextcloud-mcp-server`, or `.cache` of the project."""
    home = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(home) / "nextcloud-mcp-server" if home else PROJECT / ".cache") / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds `folder` against every other process; given back by the kernel if this one dies."""
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
