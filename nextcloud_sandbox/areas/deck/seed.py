"""Demo data."""

from nextcloud_sandbox.core import Sandbox


def seed(sandbox: Sandbox) -> None: ...
