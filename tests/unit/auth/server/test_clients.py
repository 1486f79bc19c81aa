import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from nextcloud_mcp_server.auth.oidc.errors import OAuthRefused
from nextcloud_mcp_server.auth.server.clients import UNUSED_SECONDS, Clients, static_clients
from nextcloud_mcp_server.auth.server.metadata_documents import MetadataDocuments, acceptable_id, checked, public, shown_name
from nextcloud_mcp_server.auth.server.rates import Rates
from nextcloud_mcp_server.storage import Database

URIS = ["https://app.example/cb"]


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_a_public_client_registers_and_is_found(database: Database) -> None:
    clients = Clients(database, {}, None)
    client, secret, _ = await clients.register({"redirect_uris": URIS, "token_endpoint_auth_method": "none", "client_name": "  An\n app "})
    assert secret is None
    found = await clients.find(client.client_id)
    assert found == client
    assert (client.name, client.host) == ("An app", "app.example")
    assert client.proves(None)
    assert not client.proves("x")


async def test_a_confidential_client_gets_a_secret_that_is_stored_as_a_hash(database: Database) -> None:
    clients = Clients(database, {}, None)
    client, secret, _ = await clients.register({"redirect_uris": URIS})
    assert secret
    assert client.proves(secret)
    assert not client.proves(secret + "x")
    assert not client.proves(None)
    assert secret not in str(await database.all("select * from oauth_client"))


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://app.example"}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://app.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://ok.example/", "javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://ok.example/"] * 21}, "invalid_redirect_uri"),
        ({"redirect_uris": URIS, "token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"redirect_uris": URIS, "token_endpoint_auth_method": 7}, "invalid_client_metadata"),
        ({"redirect_uris": URIS, "grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"redirect_uris": URIS, "response_types": ["token"]}, "invalid_client_metadata"),
    ],
)
async def test_what_cannot_be_registered(database: Database, asked: dict[str, Any], error: str) -> None:
    with pytest.raises(OAuthRefused) as refused:
        await Clients(database, {}, None).register(asked)
    assert refused.value.error == error
    assert await database.all("select * from oauth_client") == []


async def test_a_client_that_nobody_uses_is_forgotten(database: Database) -> None:
    clock = Clock()
    clients = Clients(database, {}, None, clock=clock)
    idle, _, _ = await clients.register({"redirect_uris": URIS})
    busy, _, _ = await clients.register({"redirect_uris": URIS})
    clock.now += UNUSED_SECONDS - 1
    await clients.used(busy.client_id)
    clock.now += 1
    assert await clients.find(idle.client_id) is None
    assert await clients.find(busy.client_id)
    assert await clients.prune() == 1


async def test_static_clients_are_always_there(database: Database) -> None:
    static = static_clients(["desk", "web|https://web.example/cb", "web|https://web.example/other"])
    clients = Clients(database, static, None)
    web_client = await clients.find("web")
    assert web_client
    assert web_client.redirect_uris == ("https://web.example/cb", "https://web.example/other")
    desk = await clients.find("desk")
    assert desk
    assert all(uri.startswith("http://") for uri in desk.redirect_uris)
    assert await clients.find("") is None
    for wrong in ("web|http://web.example/cb", "|https://web.example/", ""):
        with pytest.raises(ValueError, match="ALLOWED_MCP_CLIENTS"):
            static_clients([wrong])


@pytest.mark.parametrize("name", [None, 7, "", "\u202e\u0000", "   "])
def test_a_client_without_a_usable_name_is_called_so(name: object) -> None:
    assert shown_name(name) == "A client without a name"


def test_a_name_cannot_turn_the_text_around_it() -> None:
    assert shown_name("Claude\u202egpj.exe\n<b>" + "x" * 200).startswith("Claudegpj.exe<b>")
    assert len(shown_name("x" * 200)) == 80


async def test_rates_count_per_key_and_window(database: Database) -> None:
    clock = Clock()
    rates = Rates(database, clock=clock)
    assert [await rates.allow("a", 2, 60) for _ in range(3)] == [True, True, False]
    assert await rates.allow("b", 2, 60)
    clock.now += 60
    assert await rates.allow("a", 2, 60)
    clock.now += 200_000
    assert await rates.prune() == 3


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
     "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "ff02::1", "::"],
)  # fmt: skip
def test_addresses_of_inner_networks_are_not_public(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize(
    "client_id",
    ["https://app.example", "https://app.example/", "http://app.example/c", "https://app.example/a/../c", "https://app.example/./c",
     "https://app.example/c#f", "https://u:p@app.example/c", "https://127.0.0.1/c", "https://[::1]/c", "https://2130706433/c",
     "https://0x7f000001/c", "https://127.1/c", "https:///c", "https://app.example/c d", "https://app.example/" + "x" * 500],
)  # fmt: skip
def test_client_ids_that_are_not_fetched(client_id: str) -> None:
    with pytest.raises(OAuthRefused):
        acceptable_id(client_id)


ID = "https://app.example/client.json"


@pytest.mark.parametrize(
    "document",
    [[], None, "x", {}, {"client_id": ID}, {"client_id": ID + "x", "redirect_uris": URIS}, {"client_id": ID, "redirect_uris": ["http://x.example/"]},
     {"client_id": ID, "redirect_uris": URIS, "client_secret": "s"}, {"client_id": ID, "redirect_uris": [*URIS, 7]},
     {"client_id": ID, "redirect_uris": URIS, "token_endpoint_auth_method": "client_secret_post"}],
)  # fmt: skip
def test_documents_that_describe_no_public_client(document: object) -> None:
    with pytest.raises(OAuthRefused):
        checked(ID, document)


class Loopback(AbstractResolver):
    """Every name is this machine; stands for a public address in tests."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=self.port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None: ...


@pytest.fixture
async def documents(tmp_path: Any) -> AsyncIterator[tuple[MetadataDocuments, dict[str, web.Response], list[str]]]:
    """A host with documents by path, over TLS with its own certificate."""
    answers: dict[str, web.Response] = {}
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return answers[request.path]

    certificate = tmp_path / "cert.pem"
    certificate.write_bytes(_certificate())
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    trusted = ssl.create_default_context(cafile=str(certificate))
    yield MetadataDocuments(resolver=Loopback(runner.addresses[0][1]), verify=trusted), answers, asked
    await runner.cleanup()


def _certificate() -> bytes:
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - datetime.timedelta(days=1), now + datetime.timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("app.example")])
    signed = made.add_extension(names, False).add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return signed.public_bytes(pem) + key.private_bytes(pem, form, serialization.NoEncryption())


async def test_a_document_names_a_client_and_is_kept(documents: Any, database: Database) -> None:
    source, answers, asked = documents
    answers["/client.json"] = web.json_response({"client_id": ID, "client_name": "Hosted", "redirect_uris": URIS})
    clients = Clients(database, {}, source)
    for _ in range(2):
        client = await clients.find(ID)
        assert client
        assert (client.name, client.host, client.redirect_uris) == ("Hosted", "app.example", tuple(URIS))
    assert asked == ["/client.json"]


@pytest.mark.parametrize(
    "response",
    [
        lambda: web.Response(status=302, headers={"Location": ID + "2"}),
        lambda: web.Response(status=404),
        lambda: web.Response(text="<html>"),
        lambda: web.json_response({"client_id": ID, "redirect_uris": URIS, "padding": "x" * 6000}),
    ],
    ids=["redirect", "missing", "page", "large"],
)
async def test_an_answer_that_is_no_small_document_is_refused(documents: Any, response: Any) -> None:
    source, answers, asked = documents
    answers["/client.json"] = response()
    with pytest.raises(OAuthRefused, match="invalid_client"):
        await source.read(ID)
    assert asked == ["/client.json"]


async def test_a_name_that_means_this_machine_is_not_asked() -> None:
    for name in ("https://localhost/client.json", "https://localhost.localdomain/c", "https://ip6-localhost/c"):
        with pytest.raises(OAuthRefused, match="cannot be fetched"):
            await MetadataDocuments().read(name)
