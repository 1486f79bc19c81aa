"""A wrong or missing setting stops the start with its name, its value and the fix."""

from pathlib import Path

import pytest

from nextcloud_mcp_server.settings import Mode, SettingsError, read, warnings
from nextcloud_mcp_server.settings.read import known_names, names_of, sections

SINGLE = {"NEXTCLOUD_HOST": "https://cloud.example.test/", "NEXTCLOUD_USERNAME": "ada", "NEXTCLOUD_PASSWORD": "correct horse"}


def test_single_user_mode_is_chosen_by_its_account() -> None:
    settings = read(SINGLE)
    assert settings.mode is Mode.SINGLE_USER
    assert settings.nextcloud.host == "https://cloud.example.test"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"NEXTCLOUD_HOST": ""}, ["NEXTCLOUD_HOST is missing"]),
        ({"NEXTCLOUD_HOST": "cloud.example.test"}, ["NEXTCLOUD_HOST", "'cloud.example.test'", "https://cloud.example.org"]),
        ({"NEXTCLOUD_HOST": "https://ada:secret@cloud.example.test"}, ["without user and password"]),
        ({"NEXTCLOUD_MAX_CONCURRENCY": "0"}, ["NEXTCLOUD_MAX_CONCURRENCY", "'0'"]),
        ({"MCP_PERMISSIONS": "all"}, ["MCP_PERMISSIONS", "'all'", "'read', 'write' or 'destructive'"]),
        ({"MCP_AUTH_MODE": "magic"}, ["MCP_AUTH_MODE", "'magic'", "single_user"]),
        ({"NEXTCLOUD_PASSWORD": ""}, ["NEXTCLOUD_PASSWORD is missing", "app password"]),
        ({"ENABLE_LOGIN_FLOW": "true"}, ["several modes", "NEXTCLOUD_USERNAME", "ENABLE_LOGIN_FLOW"]),
    ],
)
def test_a_wrong_value_is_named_with_its_fix(change: dict[str, str], words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        read({**SINGLE, **change})
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read({"NEXTCLOUD_HOST": "x", "LOG_LEVEL": "loud"})
    assert str(caught.value).count("\n") == 1


def test_a_wrong_secret_is_not_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        read({**SINGLE, "MCP_BEARER_TOKEN": "hunter2"})
    assert "MCP_BEARER_TOKEN" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "correct horse" not in repr(read(SINGLE))


def test_names_that_resemble_settings_are_pointed_out() -> None:
    told = warnings({"NEXTCLOUD_HOTS": "x", "MCP_TOOLSET": "x", "MCP_SOMETHING": "x", "PATH": "x", "EDITOR": "x"})
    assert any("NEXTCLOUD_HOTS" in line and "did you mean NEXTCLOUD_HOST?" in line for line in told)
    assert any("MCP_TOOLSET" in line and "MCP_TOOLSETS" in line for line in told)
    assert any("MCP_SOMETHING is not a setting" in line for line in told)
    assert not any("PATH" in line or "EDITOR" in line for line in told)


def test_a_typing_error_is_pointed_out_where_the_right_name_is_missing() -> None:
    with pytest.raises(SettingsError) as caught:
        read({"NEXTCLOUD_HOST": "https://a.test", "NEXTCLOUD_USERNAME": "ada", "NEXTCLOUD_PASSWRD": "secret"})
    assert "NEXTCLOUD_PASSWRD is not a setting; did you mean NEXTCLOUD_PASSWORD?" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_typing_error_in_a_file_is_pointed_out(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("MCP_TOOLSET=notes\n")
    assert any("MCP_TOOLSETS" in line for line in read(SINGLE, env_file=file).cautions)


def test_settings_of_another_mode_are_named_when_the_mode_is_chosen_explicitly() -> None:
    chosen = read({**SINGLE, "MCP_AUTH_MODE": "basic", "ENABLE_LOGIN_FLOW": "true", "OIDC_CLIENT_ID": "c", "OIDC_CLIENT_SECRET": "s"})
    assert chosen.cautions == ("ENABLE_LOGIN_FLOW, NEXTCLOUD_PASSWORD, NEXTCLOUD_USERNAME: not used in the mode basic.",)
    assert read(SINGLE).cautions == ()


@pytest.mark.parametrize(("given", "meant"), [("Bearer", "opaque"), ("OPAQUE", "opaque"), ("JWT", "jwt")])
def test_the_token_type_in_any_case(given: str, meant: str) -> None:
    assert read({**SINGLE, "NEXTCLOUD_OIDC_TOKEN_TYPE": given}).identity.token_type == meant


def test_options_win_over_the_environment_and_that_over_a_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("env") / "settings.env"
    file.write_text("NEXTCLOUD_USERNAME=from-file\nNEXTCLOUD_PASSWORD=from-file\nMCP_READ_ONLY=true\n")
    environment = {"NEXTCLOUD_HOST": "https://a.test", "NEXTCLOUD_USERNAME": "from-environment"}
    settings = read(environment, overrides={"NEXTCLOUD_HOST": "https://b.test"}, env_file=file)
    assert settings.nextcloud.host == "https://b.test"
    assert settings.nextcloud.username == "from-environment"
    assert settings.surface.read_only is True


def test_every_setting_has_a_name_and_a_meaning() -> None:
    for _, section in sections():
        for name, field in section.model_fields.items():
            assert names_of(field), (section, name)
            assert field.description, (section, name)
    assert {"NEXTCLOUD_HOST", "MCP_TOOLSETS", "MCP_AUTH_MODE"} <= known_names()


def test_the_tree_cannot_be_changed() -> None:
    settings = read(SINGLE)
    with pytest.raises(ValueError, match="frozen"):
        settings.nextcloud.host = "https://evil.test"
