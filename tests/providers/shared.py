"""One running service for all processes of a test run: the first starts it, the last stops it.

Each process leaves its number beside the service's; a number whose process is gone does not count, and a service that
was left behind by a run that died is taken over.
"""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.providers.cache import locked


@dataclass(frozen=True)
class Started:
    """A process just started: the facts that others need to use it, and the address that answers when it is ready."""

    process: "subprocess.Popen[bytes]"
    facts: dict[str, str | int]
    ready: str
    seconds: float = 180


# A Popen that is thrown away while its process runs is reported as a leak; the last process of the run ends it.
_running: "list[subprocess.Popen[bytes]]" = []


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def shared(folder: Path, start: Callable[[], Started]) -> Iterator[dict[str, str | int]]:
    """The facts of the one running service."""
    users, state = folder / "users", folder / "running.json"
    users.mkdir(exist_ok=True)
    with locked(folder):
        _others(users)
        if not state.exists() or not _answers(json.loads(state.read_text())["ready"]):
            started = start()
            try:
                _wait(started)
            except BaseException:  # a test's time limit too: what nobody knows of would run for ever
                with suppress(ProcessLookupError):
                    os.killpg(started.process.pid, signal.SIGTERM)
                raise
            _running.append(started.process)
            state.write_text(json.dumps({**started.facts, "ready": started.ready, "pid": started.process.pid}))
        facts = json.loads(state.read_text())
        (users / str(os.getpid())).touch()
    try:
        yield facts
    finally:
        with locked(folder):
            (users / str(os.getpid())).unlink(missing_ok=True)
            # Two fixtures of one process share its number: the first to end stops the service for both.
            if state.exists() and not _others(users):
                state.unlink()
                with suppress(ProcessLookupError):
                    os.killpg(int(facts["pid"]), signal.SIGTERM)
                for process in _running:
                    if process.pid == facts["pid"]:
                        process.wait(30)


def _others(users: Path) -> list[Path]:
    for user in users.iterdir():
        if not _alive(int(user.name)):
            user.unlink()
    return list(users.iterdir())


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (OSError, urllib.error.URLError):
        return False


def _wait(started: Started) -> None:
    deadline = time.monotonic() + started.seconds
    while time.monotonic() < deadline:
        if started.process.poll() is not None:
            raise RuntimeError(f"{started.process.args!r} ended with {started.process.returncode}")
        if _answers(started.ready):
            return
        time.sleep(0.2)
    raise RuntimeError(f"{started.ready} did not answer in {started.seconds} s")
