"""The tools of Nextcloud's own search."""

from typing import Annotated

from pydantic import Field

from nextcloud_mcp_server.apps.unified.client import Unified
from nextcloud_mcp_server.apps.unified.models import Hit, Provider
from nextcloud_mcp_server.core.errors import InvalidValue
from nextcloud_mcp_server.core.page import Page
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("unified")
HITS = 5


@TOOLS.read(items="providers")
async def nc_unified_list_providers(unified: Unified) -> Page[Provider]:
    """List what nc_unified_search can search: one provider for each kind of thing, by the id that it takes. Which there are
    depends on the apps of this Nextcloud."""
    found = await unified.providers()
    return Page(found, total=len(found))


@TOOLS.read(untrusted=True)
async def nc_unified_search(
    unified: Unified,
    query: str,
    providers: Annotated[list[str] | None, Field(description="Ids; all if left out.")] = None,
    limit: Annotated[int, Field(ge=1, le=25, description="Hits per provider.")] = HITS,
) -> Page[Hit]:
    """Search with Nextcloud's own search: files, notes, cards, events, contacts, mail and more at once, by words. Hits
    are titles with a line of text and a link; the tool of its app reads the thing."""
    if not query.strip():
        raise InvalidValue("query is empty; Nextcloud's search needs a word.")
    hits, more, failed = await unified.search(query.strip(), await unified.chosen(providers), limit)
    return Page(hits, also={"query": query, "more_in": more or None, "failed": failed or None})
