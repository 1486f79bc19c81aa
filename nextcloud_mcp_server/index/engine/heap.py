"""The C library's heap, so that memory goes back to the system: glibc's `mallopt(3)` and `malloc_trim(3)`, elsewhere nothing."""

import ctypes
import gc
import sys
from contextlib import suppress
from typing import Any

M_ARENA_MAX = -8
ARENAS = 2


def keep_small() -> None:
    """Few arenas, before threads begin: what is free in one of many cannot go back."""
    _glibc("mallopt", M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Returns what is free to the system."""
    gc.collect()
    _glibc("malloc_trim", 0)


def _glibc(name: str, *arguments: Any) -> None:
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            getattr(ctypes.CDLL("libc.so.6"), name)(*arguments)
