"""One user's files."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextcloud_sandbox.core import Sandbox


class UserFiles:
    def __init__(self, sandbox: "Sandbox", user: str) -> None:
        self.sandbox = sandbox
        self.user = user

    def used_bytes(self) -> int:
        return 0
