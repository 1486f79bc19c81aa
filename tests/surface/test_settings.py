"""No setting is a promise that nothing keeps: each is read somewhere outside the settings themselves."""

import re
from pathlib import Path

import pytest

from nextcloud_mcp_server.settings.read import sections

PRODUCT = Path(__file__).parents[2] / "nextcloud_mcp_server"
CODE = "\n".join(path.read_text() for path in PRODUCT.rglob("*.py") if path.parent.name != "settings")
FIELDS = [f"{name}.{field}" for name, section in sections() for field in section.model_fields]


@pytest.mark.parametrize("place", FIELDS)
def test_a_setting_is_read(place: str) -> None:
    section, field = place.split(".")
    assert re.search(rf"\b(?:{section}|account)\.{field}\b", CODE)
