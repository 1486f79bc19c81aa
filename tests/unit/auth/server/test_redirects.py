import pytest

from nextcloud_mcp_server.auth.server.redirects import answer, matches, remembered_as, unacceptable


@pytest.mark.parametrize(
    "uri",
    ["https://app.example/cb", "https://app.example:8443/cb?a=1", "http://127.0.0.1/cb", "http://127.0.0.1:9/cb", "http://[::1]:9/", "http://localhost:1/x"],
)  # fmt: skip
def test_https_and_loopback_may_be_registered(uri: str) -> None:
    assert unacceptable(uri) is None
    assert matches([uri], uri)


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example/cb", "https://app.example/cb#f", "https://user@app.example/", "https://", "//app.example/", "/cb", "",
        "javascript:alert(1)", "data:text/html,x", "app:/cb", "ftp://app.example/", "https://app.example/a b", "https://app.example/\n",
        "https://appé.example/", "http://127.0.0.1.evil.example/", "http://localhost.evil.example/", "https://app.example:x/",
        "https://app.example\\@evil.example/", "https://a.example/" + "x" * 2000, "http://127.0.0.1@evil.example/",
    ],
)  # fmt: skip
def test_everything_else_may_not(uri: str) -> None:
    assert unacceptable(uri) is not None
    assert not matches([uri], uri)


@pytest.mark.parametrize(
    ("registered", "given", "fits"),
    [
        ("http://127.0.0.1/cb", "http://127.0.0.1:51234/cb", True),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb", True),
        ("http://[::1]/cb", "http://[::1]:2/cb", True),
        ("http://localhost:3/cb", "http://localhost/cb", True),
        ("http://127.0.0.1/cb", "http://localhost/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:2/cb/", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:2/cb?x=1", False),
        ("http://127.0.0.1/cb", "https://127.0.0.1:2/cb", False),
        ("https://app.example/cb", "https://app.example:444/cb", False),
        ("https://app.example/cb", "https://app.example/cb/", False),
        ("https://app.example/cb", "https://app.example/CB", False),
        ("https://app.example/cb", "https://app.example/cb?x", False),
        ("https://app.example/cb", "https://app.example/cb/../evil", False),
        ("https://localhost/cb", "https://localhost:9/cb", False),
    ],
)
def test_only_the_port_of_loopback_may_differ(registered: str, given: str, fits: bool) -> None:
    assert matches([registered], given) is fits


def test_answers_keep_what_the_address_has() -> None:
    assert (
        answer("https://a.example/cb?x=1", code="a b", state=None, iss="https://i")
        == "https://a.example/cb?x=1&code=a+b&iss=https%3A%2F%2Fi"
    )
    assert remembered_as("http://127.0.0.1:77/cb") == "http://127.0.0.1/cb"
    assert remembered_as("https://a.example:77/cb") == "https://a.example:77/cb"
