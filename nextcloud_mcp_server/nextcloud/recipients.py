"""Whom one can share with (OCS Sharee API, https://docs.nextcloud.com/server/latest/developer_manual/client_apis/OCS/ocs-sharee-api.html)."""

from typing import Any

from nextcloud_mcp_server.nextcloud.ocs import as_list
from nextcloud_mcp_server.nextcloud.session import Session

USER, GROUP = 0, 1
KINDS = {USER: "users", GROUP: "groups"}


async def recipients(session: Session, query: str, kind: int) -> list[str]:
    """Ids of accounts or groups whose id, name or address is or holds `query`, at most 10; fewer where administrators hide people."""
    asked = {"search": query, "itemType": "file", "shareType[]": str(kind), "perPage": "10", "lookup": "false"}
    data: Any = await session.ocs("GET", "/apps/files_sharing/api/v1/sharees", what="people to share with", params=asked)
    name = KINDS.get(kind, "")
    try:
        return [str(one["value"]["shareWith"]) for one in (*as_list(data["exact"][name]), *as_list(data[name]))]
    except (KeyError, TypeError):
        return []
