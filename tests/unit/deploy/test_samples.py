"""The samples people start from: they load, they say the mode they are named after, and the compose file refers to what exists."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from nextcloud_mcp_server.server.catalog import Catalog, find_apps
from nextcloud_mcp_server.settings import Mode, read, warnings

DEPLOY = Path(__file__).parents[3] / "deploy"
MODES = {
    "single-user": Mode.SINGLE_USER,
    "basic": Mode.BASIC,
    "login-flow": Mode.LOGIN_FLOW,
    "oauth-nextcloud": Mode.OAUTH,
    "oauth-keycloak": Mode.OAUTH,
}


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.mark.parametrize("name", MODES)
def test_a_sample_environment_is_read_as_its_mode_and_names_only_settings(name: str) -> None:
    file = DEPLOY / "env" / f"{name}.env"
    settings = read({}, env_file=file)
    assert settings.mode is MODES[name]
    assert settings.server.public_url == "http://localhost:8000"
    assert warnings({key: value or "" for key, value in dotenv_values(file).items()}) == []


def test_there_is_a_sample_and_a_profile_for_every_mode_and_no_other() -> None:
    assert {file.stem for file in (DEPLOY / "env").iterdir()} == set(MODES)
    profiles = {name: service["env_file"] for name, service in compose()["services"].items() if "env_file" in service}
    assert profiles == {name: f"env/{name}.env" for name in MODES}
    assert all(compose()["services"][name]["profiles"] == [name] for name in MODES)


def test_the_compose_file_mounts_what_exists_and_listens_on_loopback_only() -> None:
    for service in compose()["services"].values():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:")
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in compose()["volumes"] or (DEPLOY / source).exists(), source
        for needed in service.get("depends_on", ()):
            assert needed in compose()["services"]


def test_the_setup_script_is_a_shell_script() -> None:
    assert subprocess.run(["sh", "-n", DEPLOY / "nextcloud" / "setup.sh"], capture_output=True, check=False).stderr == b""


def test_the_realm_knows_every_scope_that_a_client_is_told_to_ask_for() -> None:
    realm = json.loads((DEPLOY / "keycloak" / "nextcloud-mcp-realm.json").read_text())
    catalog = Catalog(find_apps())
    wanted = {scope for tool in catalog.tools.values() for scope in tool.scopes} - {"openid"}
    assert wanted <= {scope["name"] for scope in realm["clientScopes"]}
    assert wanted <= set(realm["defaultOptionalClientScopes"])
    assert wanted <= {mapping["clientScope"] for mapping in realm["scopeMappings"]}
