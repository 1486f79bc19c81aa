"""Nextcloud Deck: boards with stacks of cards (REST API v1.1, OCS API v1.0)."""

from nextcloud_mcp_server.apps.deck.resources import RESOURCES
from nextcloud_mcp_server.apps.deck.source import DeckSource
from nextcloud_mcp_server.apps.deck.tools import TOOLS
from nextcloud_mcp_server.core.app import NextcloudApp

APP = NextcloudApp(
    name="deck",
    title="Deck",
    tools=TOOLS,
    requires=lambda capabilities: "deck" in capabilities,
    instructions="Kanban: a board has stacks (columns), a stack has cards. Start with deck_get_boards, then deck_get_board_overview.",
    resources=RESOURCES,
    sources=(DeckSource,),
)
