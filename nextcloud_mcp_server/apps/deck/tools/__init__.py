"""The tools of Deck."""

from nextcloud_mcp_server.apps.deck.tools import attachments, boards, cards, comments, labels, members, people, reading, restoring
from nextcloud_mcp_server.apps.deck.tools.arguments import TOOLS

__all__ = ["TOOLS", "attachments", "boards", "cards", "comments", "labels", "members", "people", "reading", "restoring"]
