"""The sandbox in a process of its own, full of demo data, for the product's `demo` command."""

import re
import subprocess
import sys
from dataclasses import dataclass


class NotStarted(RuntimeError):
    """The child process ended before it answered; the text is what it said."""


@dataclass
class Sandbox:
    """A running sandbox: its address, an account and an app password of it, and its administrator's login and password."""

    url: str
    user: str
    password: str
    process: subprocess.Popen[str]
    administrator: tuple[str, str] = ("admin", "admin")

    def stop(self) -> None:
        """End the process; waits 10 seconds, then kills."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def start() -> Sandbox:
    """Start on a free loopback port; returns when it answers."""
    command = [sys.executable, "-m", "nextcloud_sandbox", "--port", "0", "--with-app-password", "alice"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)  # noqa: S603
    if process.stdout is None or process.stderr is None:
        raise NotStarted("no pipes to the sandbox")
    password = re.fullmatch(r"app-password alice (\w+)\n", process.stdout.readline())
    ready = re.fullmatch(r"ready (\S+)\n", process.stdout.readline())
    if ready is None or password is None:
        said = process.stderr.read()
        process.wait()
        raise NotStarted(said.strip() or "the sandbox did not start")
    return Sandbox(ready[1], "alice", password[1], process)
