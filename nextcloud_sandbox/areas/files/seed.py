"""Demo files. Filled below."""

from nextcloud_sandbox.core import Sandbox


def seed(sandbox: Sandbox) -> None:
    sandbox.files("alice").mkdir("Documents")
