"""What background work is told of the people it works for; whoever knows credentials implements it."""

from collections.abc import Mapping
from typing import Protocol

from nextcloud_mcp_server.core.documents import IndexSource


class People(Protocol):
    """Everyone who lets the server work in the background."""

    async def provisioned(self) -> frozenset[str]:
        """The user ids. Raises while that cannot be known."""
        ...

    async def sources(self, user: str) -> Mapping[str, IndexSource] | None:
        """The sources of a user by document type, with fresh credentials; None where the user is not provisioned.

        Only types that are to be indexed and that this Nextcloud has for the user.
        """
        ...

    async def allowed(self, user: str) -> frozenset[str] | None:
        """The document types that settings and the user's grant allow, whether or not this Nextcloud has them at the moment.

        None where the user is not provisioned.
        """
        ...

    async def language(self, user: str) -> str:
        """The name of the user's language, as `sparse.language_of` has it."""
        ...
