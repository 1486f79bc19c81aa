"""Addresses, switches, faults and the request log."""

import asyncio
import datetime
import ipaddress
import ssl
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nextcloud_sandbox import faults
from nextcloud_sandbox.server import Running, running
from tests.sandbox.person import Person, files

USER = "/ocs/v2.php/cloud/user?format=json"
CAPABILITIES = "/ocs/v2.php/cloud/capabilities?format=json"
NOTES = "/apps/notes/api/v1/notes"


async def test_everything_lies_below_the_prefix() -> None:
    async with running(prefix="/cloud", seed=False) as box, Person(box.url) as alice:
        assert box.url.endswith("/cloud")
        assert (await alice.ask("PUT", files("x.txt"), b"x")).status == 201
        assert (await alice.ask("PROPFIND", files(""))).hrefs == [
            "/cloud/remote.php/dav/files/alice/",
            "/cloud/remote.php/dav/files/alice/x.txt",
        ]
        moved = await alice.ask("MOVE", files("x.txt"), Destination=box.url + files("y.txt"))
        assert moved.status == 201
        assert (await alice.ask("POST", "/login/v2")).json()["login"].startswith(box.url + "/login/v2/flow/")
        outside = Person(box.url.removesuffix("/cloud"), http=alice.http)
        assert (await outside.ask("GET", "/status.php")).status == 404
        assert (await outside.ask("GET", "/cloudy/status.php")).status == 404


async def test_index_php_may_be_there_or_not(alice: Person) -> None:
    assert (await alice.ask("GET", NOTES)).status == 200
    assert (await alice.ask("GET", "/index.php" + NOTES)).status == 200


async def test_an_instance_without_rewriting_needs_index_php() -> None:
    async with running(index_php=True, prefix="/nc", seed=False) as box, Person(box.url) as alice:
        assert (await alice.ask("GET", NOTES)).status == 404
        assert (await alice.ask("GET", "/index.php" + NOTES)).status == 200
        assert (await alice.ask("GET", USER)).status == 200
        login = (await alice.ask("POST", "/index.php/login/v2")).json()["login"]
        assert login.startswith(box.url + "/index.php/login/v2/flow/")


def certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM) + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem")
    return context


async def test_https_with_a_certificate_of_ones_own(tmp_path: Path) -> None:
    async with running(tls=certificate(tmp_path), seed=False) as box, Person(box.url) as alice:
        assert box.url.startswith("https://")
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await alice.ask("GET", "/status.php")
        trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        assert (await alice.ask("GET", "/status.php", ssl=trusting)).status == 200


async def test_a_disabled_app_answers_nothing_and_leaves_the_capabilities(alice: Person, box: Running) -> None:
    assert "notes" in (await alice.ask("GET", CAPABILITIES)).ocs["capabilities"]
    etag = (await alice.ask("GET", CAPABILITIES)).headers["etag"]
    box.sandbox.enabled.discard("notes")
    answer = await alice.ask("GET", NOTES)
    assert answer.status == 404
    assert "html" in answer.headers["content-type"]
    changed = await alice.ask("GET", CAPABILITIES, If_None_Match=etag)
    assert changed.status == 200
    assert "notes" not in changed.ocs["capabilities"]
    box.sandbox.enabled.add("notes")
    assert (await alice.ask("GET", NOTES)).status == 200
    with pytest.raises(ValueError, match="files"):
        box.sandbox.enabled.discard("files")


async def test_an_administrator_switches_apps_over_ocs(alice: Person, admin: Person, box: Running) -> None:
    assert (await alice.ask("DELETE", "/ocs/v2.php/cloud/apps/notes")).status == 403
    assert "notes" in box.sandbox.enabled
    assert (await admin.ask("DELETE", "/ocs/v2.php/cloud/apps/notes")).status == 200
    assert "notes" not in box.sandbox.enabled
    assert (await admin.ask("GET", "/ocs/v2.php/cloud/apps?filter=disabled&format=json")).ocs == {"apps": ["notes"]}


async def test_maintenance_stops_all_but_the_status(alice: Person, box: Running) -> None:
    box.sandbox.maintenance = True
    for path in (USER, NOTES, files("")):
        answer = await alice.ask("GET", path)
        assert answer.status == 503
        assert answer.headers["x-nextcloud-maintenance-mode"] == "1"
    assert (await alice.ask("GET", "/status.php")).json()["maintenance"] is True


async def test_each_request_is_logged_with_the_user_who_was_served(alice: Person, bob: Person, box: Running) -> None:
    await alice.ask("GET", "/index.php" + NOTES + "?exclude=content")
    await bob.as_("bob", "wrong").ask("GET", USER)
    first, second = box.sandbox.requests
    assert (first.method, first.path, first.query, first.user, first.status) == ("GET", NOTES, "exclude=content", "alice", 200)
    assert (second.user, second.status) == (None, 401)


async def test_faults_come_first_and_wear_out(alice: Person, box: Running) -> None:
    box.sandbox.faults.append(faults.answer(r"/notes$", 429, headers={"Retry-After": "1"}, times=2))
    assert [(await alice.ask("GET", NOTES)).status for _ in range(3)] == [429, 429, 200]
    assert (await alice.ask("GET", USER)).status == 200


async def test_connections_can_be_cut(alice: Person, box: Running) -> None:
    box.sandbox.faults += [faults.close(NOTES), faults.cut_off(NOTES, body=b'{"a":')]
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await alice.ask("POST", NOTES)
    with pytest.raises(aiohttp.ClientPayloadError):
        await alice.ask("GET", NOTES)
    assert (await alice.ask("GET", NOTES)).status == 200


async def test_answers_can_be_held_back_until_an_event(alice: Person, box: Running) -> None:
    until = asyncio.Event()
    box.sandbox.faults.append(faults.hold(NOTES, until))
    held = asyncio.create_task(alice.ask("GET", NOTES))
    assert (await alice.ask("GET", USER)).status == 200
    assert not held.done()
    until.set()
    assert (await held).status == 200


async def test_html_can_stand_where_json_is_expected(alice: Person, box: Running) -> None:
    box.sandbox.faults.append(faults.html_for_json(NOTES))
    assert (await alice.ask("GET", NOTES)).body.startswith(b"<!DOCTYPE html>")


async def test_a_demo_sandbox_has_a_few_hundred_things_of_both_people() -> None:
    async with running() as box, Person(box.url) as alice:
        listed = await alice.ask("PROPFIND", files(""), Depth="infinity")
        assert len(listed.hrefs) > 150
        notes = (await alice.ask("GET", NOTES)).json()
        assert len(notes) > 50
        assert {"Home", "Work/Projects"} <= {note["category"] for note in notes}
        assert len((await alice.as_("bob").ask("GET", NOTES)).json()) >= 5
        assert len((await alice.ask("PROPFIND", "/remote.php/dav/trashbin/alice/trash/")).hrefs) == 5
        assert len((await alice.ask("PROPFIND", "/remote.php/dav/systemtags/")).hrefs) == 5


async def test_an_empty_sandbox_is_empty(alice: Person, bob: Person) -> None:
    assert (await alice.ask("PROPFIND", files(""), Depth="infinity")).hrefs == [files("")]
    assert (await bob.ask("GET", NOTES)).json() == []


async def test_unknown_addresses_look_as_each_api_makes_them(alice: Person) -> None:
    assert (await alice.ask("GET", "/ocs/v2.php/nothing/here?format=json")).json()["ocs"]["meta"]["statuscode"] == 998
    assert (await alice.ask("GET", "/apps/unknown/api")).status == 404
    assert b"NotFound" in (await alice.ask("PROPFIND", "/remote.php/dav/unknown/x")).body
    assert (await alice.ask("POST", USER)).status == 405
