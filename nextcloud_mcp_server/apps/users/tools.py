"""The tools of people."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from nextcloud_mcp_server.apps.users.client import Users
from nextcloud_mcp_server.apps.users.models import Kind, Myself, Person
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.page import DEFAULT_LIMIT, Page, cursor_for, offset_of
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("users")
UNSEEN = 25
"""Asked for beyond a page: Nextcloud drops the person themself and disabled accounts only after it has counted to the limit."""

AnyCase = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)


@TOOLS.read(untrusted=True, title="Who am I")
async def nc_users_whoami(users: Users) -> Myself:
    """Tell who the tools act for: user id, name, groups, time zone, quota in bytes."""
    return await users.myself()


@TOOLS.read(items="people", untrusted=True)
async def nc_users_find_people(
    users: Users,
    query: Annotated[str, Field(description="Part of a name, id or e-mail address; empty lists all.")] = "",
    kinds: Annotated[list[Annotated[Kind, AnyCase]] | None, Field(description="Default: user, group.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Person]:
    """Find other accounts and groups of this Nextcloud to share with, assign or mention, by the id that other tools take.
    Some are found by their whole name only."""
    start = offset_of(cursor)
    found = await users.find(query.strip(), kinds or ("user", "group"), start + limit + UNSEEN)
    following = cursor_for(start + limit) if len(found) > start + limit else None
    return Page(found[start : start + limit], following, also={"query": query})
