"""The people whom background work is for, and what each of them may have indexed and found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nextcloud_mcp_server.auth.sides import Sides
from nextcloud_mcp_server.core.caller import OWNER, Caller
from nextcloud_mcp_server.core.documents import IndexSource, KeepsFiles, LeavesFiles
from nextcloud_mcp_server.core.errors import NextcloudError, NotProvisioned
from nextcloud_mcp_server.index.sparse import language_of
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.server.catalog import Catalog, in_scope
from nextcloud_mcp_server.settings import Mode, Settings

UNFOLLOWED = "Your things are not indexed: this server has no access to your Nextcloud while you are away."
NEXT_STEPS = {
    Mode.BASIC: "Allow it by an app password: POST /api/v1/users/{user}/app-password.",
    Mode.OAUTH: "provision_nextcloud_access allows it.",
}


@dataclass(frozen=True)
class Provisioned:
    """`index.people.People` of this server's mode."""

    settings: Settings
    sides: Sides
    catalog: Catalog

    async def provisioned(self) -> frozenset[str]:
        """In single-user mode the one account."""
        ready = self.sides.now()
        if ready.users:
            return frozenset(await ready.users())
        if self.settings.mode is Mode.SINGLE_USER:
            return frozenset({await (await self.sides.session(OWNER)).uid()})
        return frozenset()

    async def sources(self, user: str) -> Mapping[str, IndexSource] | None:
        session = await self._offline(user)
        if session is None:
            return None
        return await _each_text_once(await self._of(session, await self._granted(user)))

    async def _granted(self, user: str) -> frozenset[str] | None:
        ready = self.sides.now()
        return await ready.granted(user) if ready.granted else None

    async def allowed(self, user: str) -> frozenset[str] | None:
        session = await self._offline(user)
        if session is None:
            return None
        return frozenset(self._chosen(session, frozenset(self.catalog.apps), await self._granted(user)))

    async def unfollowed(self, user: str) -> str | None:
        """Why a person's things are not indexed, and what to do; None where they are."""
        try:
            if await self.sides.offline(user):
                return None
        except NotProvisioned as refused:
            return f"{UNFOLLOWED} {refused.explain()}"
        return f"{UNFOLLOWED} {NEXT_STEPS.get(self.settings.mode, '').format(user=user)}".strip()

    async def language(self, user: str) -> str:
        return await self.language_of(await self._offline(user))

    async def language_of(self, session: Session | None) -> str:
        """`SEARCH_LANGUAGE`, else the person's own; English where it cannot be had."""
        chosen = self.settings.search.language
        if chosen or session is None:
            return language_of(chosen or "")
        try:
            return language_of((await session.person()).language or "")
        except NextcloudError:
            return language_of("")

    async def readable_by(self, caller: Caller, session: Session) -> Mapping[str, IndexSource]:
        """The sources that a caller may search."""
        found = await self._of(session, caller.scopes)
        return {doc_type: source for doc_type, source in found.items() if in_scope(frozenset({source.scope}), caller.granted)}

    async def _offline(self, user: str) -> Session | None:
        try:
            return await self.sides.offline(user)
        except NotProvisioned:
            return None

    async def _of(self, session: Session, granted: frozenset[str] | None) -> dict[str, IndexSource]:
        return self._chosen(session, self.catalog.available(await session.capabilities()), granted)

    def _chosen(self, session: Session, apps: frozenset[str], granted: frozenset[str] | None) -> dict[str, IndexSource]:
        """The sources of these apps that settings and grant allow."""
        wanted = frozenset(map(str.lower, self.settings.sync.doc_types))
        return {
            source.doc_type: source
            for source in self._made(session, apps)
            if (not wanted or source.doc_type in wanted) and in_scope(frozenset({source.scope}), granted)
        }

    def _made(self, session: Session, apps: frozenset[str]) -> Iterator[IndexSource]:
        return (make(session) for name, app in self.catalog.apps.items() if name in apps for make in app.sources)


async def _each_text_once(sources: Mapping[str, IndexSource]) -> Mapping[str, IndexSource]:
    """Files leave out what one of the other sources indexes already."""
    told = [await source.kept() for source in sources.values() if isinstance(source, KeepsFiles)]
    kept = [one for one in told if one]
    return {name: source.without(kept) if isinstance(source, LeavesFiles) else source for name, source in sources.items()}
