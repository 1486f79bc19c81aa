import base64
from typing import Any, cast

import pytest

from nextcloud_mcp_server.auth.inbound import challenges, resource_metadata
from nextcloud_mcp_server.auth.inbound.basic import PassThrough, parse
from nextcloud_mcp_server.auth.inbound.bearer import Bearer, ByForm
from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified
from nextcloud_mcp_server.auth.ports import Unauthorized
from nextcloud_mcp_server.auth.scopes import advertised, narrowed
from nextcloud_mcp_server.core.errors import CredentialRefused, Unreachable
from nextcloud_mcp_server.nextcloud.credentials import Credential
from nextcloud_mcp_server.nextcloud.session import Session

METADATA = "https://mcp.example/.well-known/oauth-protected-resource/mcp"


class Names:
    """Accepts every token and gives it back as the subject."""

    async def verify(self, token: str) -> Verified:
        return Verified("i", token, frozenset(), None, (), 0.0, token)


def bearer() -> Bearer:
    return Bearer(Names(), METADATA, lambda: ["notes:read", "notes:write"])


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc ", " Bearer abc"])
async def test_the_scheme_is_read_in_any_case(header: str) -> None:
    assert (await bearer().identify({"authorization": header})).subject == "abc"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YWxpY2U6cHc=", "abc", "Bearerabc"])
async def test_without_a_token_the_challenge_names_no_error(header: str | None) -> None:
    with pytest.raises(Unauthorized) as told:
        await bearer().identify({"authorization": header} if header is not None else {})
    assert told.value.challenge == f'Bearer scope="notes:read notes:write", resource_metadata="{METADATA}"'


async def test_a_form_that_is_switched_off_is_refused() -> None:
    with pytest.raises(Refused):
        await ByForm(Names(), None).verify("opaque")
    assert (await ByForm(None, Names()).verify("opaque")).subject == "opaque"


def test_a_challenge_cannot_be_broken_out_of() -> None:
    made = challenges.bearer(METADATA, error="invalid_token", description='x", resource_metadata="https://evil\r\nSet-Cookie: a=b\\')
    assert made.count("resource_metadata=") == 2
    assert made.count('"') == 6
    assert "\r" not in made
    assert "\\" not in made


def test_step_up_names_all_scopes() -> None:
    made = challenges.insufficient_scope(METADATA, {"notes:write", "files:read"}, "More is needed.")
    assert 'error="insufficient_scope"' in made
    assert 'scope="files:read notes:write"' in made


def test_metadata_is_found_between_host_and_path_and_hides_offline_access() -> None:
    assert resource_metadata.metadata_url("https://mcp.example:8443/base/mcp/") == (
        "https://mcp.example:8443/.well-known/oauth-protected-resource/base/mcp"
    )
    told = resource_metadata.document("https://mcp.example/mcp", "https://as", {"notes:read", "openid", "offline_access"}, separator=".")
    assert told["scopes_supported"] == ["notes.read", "openid"]
    assert advertised({"offline_access"}) == []


@pytest.mark.parametrize(
    ("token", "grant", "both"),
    [
        (None, None, None),
        ({"a:read", "openid"}, None, {"a:read", "openid"}),
        (None, {"a:read"}, {"a:read"}),
        ({"a:read", "b:read", "openid"}, {"a:read"}, {"a:read", "openid"}),
        ({"openid"}, set(), {"openid"}),
    ],
)
def test_token_and_grant_allow_what_both_allow(token: Any, grant: Any, both: Any) -> None:
    assert narrowed(None if token is None else frozenset(token), None if grant is None else frozenset(grant)) == both


def basic_header(text: str | bytes) -> str:
    return "Basic " + base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


@pytest.mark.parametrize(
    ("header", "pair"),
    [
        (basic_header("alice:pass:word"), ("alice", "pass:word")),
        (basic_header("älice@example.org:pässword"), ("älice@example.org", "pässword")),
        (basic_header("alice:x").replace("Basic", "bAsIc"), ("alice", "x")),
    ],
)
def test_login_name_and_password(header: str, pair: tuple[str, str]) -> None:
    assert parse(header) == pair


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", basic_header("alice"), basic_header(":pw"), basic_header("alice:"), basic_header(b"\xff\xfe:x"),
     basic_header("a\nb:c"), "Bearer abc", "Basic " + "A" * 3000],
)  # fmt: skip
async def test_a_malformed_header_is_401_with_the_basic_challenge(header: str) -> None:
    def never(_: Credential) -> Session:
        raise AssertionError("Nextcloud must not be asked")

    with pytest.raises(Unauthorized) as told:
        await PassThrough("https://cloud", never).identify({"authorization": header})
    assert told.value.challenge == challenges.BASIC


class FakeSession:
    def __init__(self, credential: Credential) -> None:
        self.credential = credential

    async def uid(self) -> str:
        if self.credential.login == "down":
            raise Unreachable("no answer")
        if self.credential.authorization != basic_header("alice@example.org:right"):
            raise CredentialRefused("no")
        return "alice-uid"


async def test_the_user_id_is_nextclouds_answer_and_the_password_is_not_shown() -> None:
    inbound = PassThrough("https://cloud", lambda credential: cast("Session", FakeSession(credential)))
    caller = await inbound.identify({"authorization": basic_header("alice@example.org:right")})
    assert (caller.key, caller.scopes) == (("https://cloud", "alice-uid"), None)
    assert "right" not in repr(caller)
    with pytest.raises(Unauthorized):
        await inbound.identify({"authorization": basic_header("alice@example.org:wrong")})
    with pytest.raises(Unreachable):
        await inbound.identify({"authorization": basic_header("down:x")})
