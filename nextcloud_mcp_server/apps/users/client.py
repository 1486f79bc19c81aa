"""Accounts and auto-completion (OCS API, https://docs.nextcloud.com/server/latest/developer_manual/client_apis/OCS/)."""

from collections.abc import Iterable

from nextcloud_mcp_server.apps.users.models import MYSELF, SHARE_TYPES, SOURCES, SUGGESTIONS, Kind, Myself, Person, Suggestion
from nextcloud_mcp_server.nextcloud.answers import shape
from nextcloud_mcp_server.nextcloud.client import Client
from nextcloud_mcp_server.nextcloud.ocs import as_list


class Users(Client):
    """The people that one person can see."""

    async def myself(self) -> Myself:
        me = shape(MYSELF, await self.session.ocs("GET", "/cloud/user", what="the account"), "the account")
        return me.model_copy(update={"display_name": me.display_name or me.user_id, "url": self.session.link("/settings/user")})

    async def find(self, query: str, kinds: Iterable[Kind], limit: int) -> list[Person]:
        """At most `limit` of each kind whose id, name or e-mail address begins or matches as the administrator allows."""
        what = f"people matching {query!r}"
        asked = [("search", query), ("itemType", ""), ("itemId", ""), ("limit", str(limit))]
        asked += [("shareTypes[]", str(SHARE_TYPES[kind])) for kind in kinds]
        data = await self.session.ocs("GET", "/core/autocomplete/get", what=what, params=asked)
        return [_person(one) for one in shape(SUGGESTIONS, as_list(data), what) if one.source in SOURCES]


def _person(one: Suggestion) -> Person:
    kind = SOURCES[one.source]
    email = one.detail if "@" in one.detail else one.id if kind == "email" else None
    return Person(id=one.id, kind=kind, display_name=one.label or one.id, email=email, share_type=SHARE_TYPES[kind])
