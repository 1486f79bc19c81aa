"""Every name that means something in the environment is in the reference, with what it means, and nothing else is."""

import re
from pathlib import Path

from nextcloud_mcp_server.settings.read import known_names

ROOT = Path(__file__).parents[2]
ROWS = re.findall(r"^\| (`.*?`) \|.*\| (.+) \|$", (ROOT / "docs" / "reference" / "settings.md").read_text(), re.MULTILINE)
OF_THE_REALM = {"MCP_RESOURCE_URL", "MCP_LOGOUT_URL"}
"""What Keycloak reads when it imports the shipped realm."""
NAME = re.compile(r"`([A-Z][A-Z0-9_]+)`")


def test_every_setting_is_in_the_reference_with_its_meaning() -> None:
    assert {name for names, _ in ROWS for name in NAME.findall(names)} == known_names()


def test_a_page_names_no_setting_that_is_none() -> None:
    prefixes = {name.partition("_")[0] for name in known_names()}
    for page in sorted((ROOT / "docs").rglob("*.md")):
        named = {name for name in NAME.findall(page.read_text()) if "_" in name and name.partition("_")[0] in prefixes}
        assert named <= known_names() | OF_THE_REALM, page
