"""Apps are found by their folder; adding one changes no other file."""

import json
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from nextcloud_mcp_server import apps
from nextcloud_mcp_server.server.catalog import Catalog, Limits, UnknownToolset, find_apps

APP = '''
from nextcloud_mcp_server.core.app import NextcloudApp
from nextcloud_mcp_server.core.tools import Toolbox

TOOLS = Toolbox("garden")


@TOOLS.read()
async def garden_get_beds(size: int = 3) -> dict[str, int]:
    """List beds."""
    return {"beds": size}


APP = NextcloudApp("garden", "Garden", TOOLS)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Generator[Path]:
    (tmp_path / "garden").mkdir()
    (tmp_path / "garden" / "__init__.py").write_text(APP)
    apps.__path__.append(str(tmp_path))
    yield tmp_path
    apps.__path__.remove(str(tmp_path))
    sys.modules.pop("nextcloud_mcp_server.apps.garden", None)


def test_a_folder_with_an_app_puts_its_tools_on_the_surface(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nextcloud_mcp_server.cli.tools import command

    command.main(["--json"], standalone_mode=False)
    listed = {tool["name"]: tool for tool in json.loads(capsys.readouterr().out)}
    assert listed["garden_get_beds"]["scopes"] == ["garden:read"]
    assert listed["garden_get_beds"]["inputSchema"]["properties"] == {"size": {"default": 3, "type": "integer"}}
    assert Catalog(find_apps()).toolsets([]) >= {"garden", "notes"}


def test_a_toolset_that_does_not_exist_is_named_with_those_that_do() -> None:
    catalog = Catalog(find_apps())
    with pytest.raises(UnknownToolset, match=r"'nots'.*notes"):
        catalog.toolsets(["nots"])
    assert catalog.toolsets(["all"]) == frozenset(catalog.apps)
    assert catalog.toolsets(["Notes "]) == {"notes"}


def test_narrowing_never_widens() -> None:
    limits = Limits(frozenset({"notes"}), "write")
    assert limits.narrowed(frozenset({"notes", "files"}), "destructive") == limits
    assert limits.narrowed(frozenset(), "read") == Limits(frozenset(), "read")
