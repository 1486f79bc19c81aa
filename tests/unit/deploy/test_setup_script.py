"""The script that prepares a Nextcloud, run with an `occ` that only remembers."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "deploy" / "nextcloud" / "setup.sh"
# As occ does: an app is installed once and can be enabled again, an account is added once, settings replace each other.
OCC = """#!/bin/sh
shift; [ "$1" = --no-interaction ] && shift
printf '%s\\n' "$*" >> "$REMEMBERED/calls"
case "$1" in
status) echo '{"installed":true,"version":"32.0.1.2"}' ;;
app:install) mkdir "$REMEMBERED/app $2" 2>/dev/null ;;
app:enable) [ -d "$REMEMBERED/app $2" ] ;;
user:info) [ -d "$REMEMBERED/user $2" ] ;;
user:add) [ -n "$OC_PASS" ] && for name; do :; done && mkdir "$REMEMBERED/user $name" ;;
config:system:set)
    shift
    for word; do
        case "$word" in
        --value=*) echo "${word#--value=}" > "$REMEMBERED/setting$name" ;;
        --*) ;;
        *) name="$name $word" ;;
        esac
    done ;;
user_oidc:provider) shift; printf '%s\\n' "$@" | sort > "$REMEMBERED/provider" ;;
*) echo "occ has no $1" >&2; exit 1 ;;
esac
"""


@dataclass
class Nextcloud:
    folder: Path

    def set_up(self, provider: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "NEXTCLOUD_FOLDER": str(self.folder), "REMEMBERED": str(self.folder / "is"),
            "OIDC_PROVIDER": provider, "OIDC_CLIENT_SECRET": "a-sample-secret",
        }  # fmt: skip
        return subprocess.run(["/bin/sh", SCRIPT], env=environment, capture_output=True, text=True, check=False)

    def calls(self) -> list[str]:
        """What was asked of it since the last time."""
        file = self.folder / "is" / "calls"
        found = file.read_text().splitlines()
        file.unlink()
        return found

    def state(self) -> dict[str, str]:
        return {path.name: "" if path.is_dir() else path.read_text() for path in (self.folder / "is").iterdir()}


@pytest.fixture
def nextcloud(tmp_path: Path) -> Nextcloud:
    for name in ("bin", "is"):
        (tmp_path / name).mkdir()
    php = tmp_path / "bin" / "php"
    php.write_text(OCC)
    php.chmod(0o755)
    return Nextcloud(tmp_path)


@pytest.mark.parametrize("provider", ["", "nextcloud", "keycloak"])
def test_a_second_run_changes_nothing(nextcloud: Nextcloud, provider: str) -> None:
    first = nextcloud.set_up(provider)
    assert (first.returncode, first.stderr) == (0, "")
    assert [call for call in nextcloud.calls() if call.startswith("user:add")]
    before = nextcloud.state()
    assert {"app notes", "user alice", "user bob"} <= before.keys()
    assert ("app oidc" in before, "app user_oidc" in before) == (provider == "nextcloud", provider == "keycloak")
    second = nextcloud.set_up(provider)
    assert (second.returncode, second.stderr) == (0, "")
    assert not [call for call in nextcloud.calls() if call.startswith("user:add")]
    assert nextcloud.state() == before


def test_a_provider_can_be_chosen_later(nextcloud: Nextcloud) -> None:
    for provider in ("", "keycloak"):
        assert nextcloud.set_up(provider).returncode == 0
    assert "app user_oidc" in nextcloud.state()


def test_keycloaks_tokens_are_taken_by_sub_and_accounts_of_other_backends_refused(nextcloud: Nextcloud) -> None:
    nextcloud.set_up("keycloak")
    state = nextcloud.state()
    assert {"--check-bearer=1", "--bearer-provisioning=1", "--mapping-uid=sub", "--unique-uid=1", "--clientid=nextcloud"} <= set(
        state["provider"].split()
    )
    assert state["setting allow_local_remote_servers"].strip() == "true"
    assert state["setting user_oidc soft_auto_provision"].strip() == "false"


def test_passwords_are_not_on_the_command_line(nextcloud: Nextcloud) -> None:
    nextcloud.set_up("")
    assert not [call for call in nextcloud.calls() if "password" in call.replace("--password-from-env", "")]


def test_an_unknown_provider_is_named_and_ends_it(nextcloud: Nextcloud) -> None:
    done = nextcloud.set_up("okta")
    assert done.returncode == 1
    assert "'okta'" in done.stderr
    assert "nextcloud or keycloak" in done.stderr


def test_an_app_that_cannot_be_had_ends_it(nextcloud: Nextcloud) -> None:
    (nextcloud.folder / "is" / "app notes").write_text("in the way")
    assert nextcloud.set_up("").returncode != 0
