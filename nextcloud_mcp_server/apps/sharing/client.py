"""The OCS Share API (https://docs.nextcloud.com/server/latest/developer_manual/client_apis/OCS/ocs-share-api.html)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nextcloud_mcp_server.apps.sharing.models import SHARE, SHARES, Share
from nextcloud_mcp_server.core.clock import utc_now
from nextcloud_mcp_server.core.errors import BadAnswer, InvalidValue, NotFound
from nextcloud_mcp_server.nextcloud.answers import Answer, shape
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.hidden import NOTHING, hidden, refuse_hidden
from nextcloud_mcp_server.nextcloud.ocs import as_list, unwrap

SHARES_OF = "/apps/files_sharing/api/v1/shares"


class Shares(Client):
    """The shares that one person made or received, without those of hidden files."""

    async def all(self, path: str | None, *, received: bool, inside: bool = False) -> list[Share]:
        """Shares of a path (None: of everything), in Nextcloud's order. `inside`: of what lies in the folder."""
        wanted = {"path": rooted(path)} if path else {}
        flags = {"shared_with_me": "true"} if received else {"subfiles": "true"} if inside else {}
        what = f"the shares of {path!r}" if path else "the shares"
        if path:
            await refuse_hidden(self.session, path)
        data = await self._ocs("GET", SHARES_OF, what, params=wanted | flags)
        unseen = await hidden(self.session)
        return [share for share in shape(SHARES, as_list(data), what) if not unseen.hides(*file_of(share))]

    async def get(self, share_id: int) -> Share:
        what = f"Share {share_id}"
        data = as_list(await self.session.ocs("GET", f"{SHARES_OF}/{share_id}", what=what))
        if not data:
            raise NotFound(f"{what} not found.")
        share = shape(SHARE, data[0], what)
        if (await hidden(self.session)).hides(*file_of(share)):
            raise NotFound(f"{what} not found.")
        return share

    async def create(self, path: str, fields: Mapping[str, Any]) -> Share:
        await refuse_hidden(self.session, path)
        what = f"Sharing {path!r}"
        return shape(SHARE, await self._ocs("POST", SHARES_OF, what, json={"path": rooted(path), **fields}), what)

    async def update(self, share_id: int, fields: Mapping[str, Any]) -> Share:
        await self._refuse_hidden(share_id)
        what = f"Share {share_id}"
        return shape(SHARE, await self._ocs("PUT", f"{SHARES_OF}/{share_id}", what, json=dict(fields)), what)

    async def delete(self, share_id: int) -> None:
        await self._refuse_hidden(share_id)
        await self.session.ocs("DELETE", f"{SHARES_OF}/{share_id}", what=f"Share {share_id}")

    async def standing(self, path: str, share_type: int, share_with: str) -> Share | None:
        """The share that exists already: Nextcloud would answer with it and ignore what else was asked for."""
        same = (
            one
            for one in await self.all(path, received=False)
            if str(one.get("share_type")) == str(share_type) and str(one.get("share_with", "")).lower() == share_with.lower()
        )
        return next(same, None)

    async def _refuse_hidden(self, share_id: int) -> None:
        """Raises NotFound for the share of a hidden file; without hiding tags it costs nothing."""
        if await hidden(self.session) != NOTHING:
            await self.get(share_id)

    async def _ocs(self, method: str, path: str, what: str, **more: Any) -> Any:
        """The data of a call; Nextcloud says in a 404 what is missing: the path, the recipient, a permission to set that day."""
        accept = {"Accept": "application/json"}
        async with self.session.stream(
            method, f"/ocs/v2.php{path}", what=what, headers=accept, accept=frozenset({404}), **more
        ) as response:
            answer = Answer(response.status, response.headers, await response.read(), what)
        if answer.status == 404:
            raise NotFound(
                f"{what}: {_reason(answer)}.", hint="Paths are from the person's own root, as nc_webdav_list_directory shows them."
            )
        return unwrap(answer)

    async def today(self) -> datetime:
        """The present moment in the person's time zone, in which Nextcloud counts days."""
        return utc_now().astimezone((await self.session.person()).zone)


def file_of(share: Share) -> tuple[str, int | None]:
    """The path and the id of what is shared."""
    id = str(share.get("file_source", ""))
    return str(share.get("path") or ""), int(id) if id.isdecimal() else None


def rooted(path: str) -> str:
    """A path from the person's root. Raises InvalidValue for one that leaves it."""
    parts = [part for part in path.strip().split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InvalidValue(f"The path {path[:120]!r} holds '..'.", hint="Paths start at the person's own root.")
    return "/" + "/".join(parts)


def _reason(answer: Answer) -> str:
    """Nextcloud's own words, in the person's language."""
    try:
        message: Any = answer.json()["ocs"]["meta"]["message"]
    except (BadAnswer, KeyError, TypeError):
        message = None
    return " ".join(str(message).split())[:200].rstrip(".") if message else "not found"
