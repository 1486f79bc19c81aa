"""Whether this process is the only one that works on an embedded database."""

import fcntl
import logging
from pathlib import Path
from typing import BinaryIO

log = logging.getLogger(__name__)


class Alone:
    """A lock on a file (`flock`), which the system ends with the process however that ends.

    Whoever holds it knows that everybody who held it before is dead.
    """

    def __init__(self, file: Path) -> None:
        self._path = file
        self._file: BinaryIO | None = None

    def take(self) -> bool:
        """Whether it was free and is this process's now; False too where the file cannot be made."""
        try:
            file = self._path.open("ab")
        except OSError as error:
            log.warning("Whether this process works alone cannot be known: %s", error)
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    @property
    def held(self) -> bool:
        return self._file is not None

    def give_back(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
