"""Garbage collection around the start.

Starting makes a few hundred thousand objects that live as long as the process (modules, models, schemas). Looking through them again and
again while they are made costs a fifth of the start; afterwards they are set aside, which also makes every later collection cheaper.
"""

import gc


def quick_start() -> None:
    """No collection until `collect_from_now_on`."""
    gc.disable()


def collect_from_now_on() -> None:
    """What is there stays; what comes is collected. May be called again."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
