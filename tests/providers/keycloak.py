"""A real Keycloak with the realm file that the project ships.

The distribution comes from Maven Central once and is built once; then a start takes some ten seconds. All data is in
memory. Tests that need other clients or realms make them by the admin API.
"""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.providers.cache import PROJECT, cache_folder
from tests.providers.documents import certificate
from tests.providers.person import Person, Pkce, authorization
from tests.providers.shared import Started, free_port, shared

VERSION = "26.7.4"
FEATURES = "token-exchange,cimd,resource-indicators"
REALM_FILE = PROJECT / "deploy" / "keycloak" / "nextcloud-mcp-realm.json"
ADMIN = "admin"
CLIENT, SECRET = "nextcloud-mcp-server", "test-mcp-secret"


@dataclass(frozen=True)
class Keycloak:
    """`base` is the server's address, `resource` the address of the MCP server that its tokens name as audience."""

    base: str
    resource: str
    realm: str = "nextcloud-mcp"

    @property
    def issuer(self) -> str:
        return f"{self.base}/realms/{self.realm}"

    @property
    def discovery_url(self) -> str:
        return f"{self.issuer}/.well-known/openid-configuration"

    @property
    def token_url(self) -> str:
        return f"{self.issuer}/protocol/openid-connect/token"

    @property
    def authorize_url(self) -> str:
        return f"{self.issuer}/protocol/openid-connect/auth"

    def tokens(self, user: str, scope: str = "openid", *, client: str = CLIENT, secret: str | None = SECRET) -> dict[str, Any]:
        """What the token endpoint gives after `user` (whose password is the name) signed in with a browser."""
        pkce = Pkce()
        asked = authorization(self.authorize_url, pkce, client_id=client, scope=scope)
        code = Person(user).sign_in(asked)["code"]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": "http://127.0.0.1:3333/cb",
            "code_verifier": pkce.verifier,
        }
        return self.token(form, client=client, secret=secret).json()

    def token(self, form: dict[str, str], *, client: str = CLIENT, secret: str | None = SECRET) -> httpx2.Response:
        """A call of the token endpoint."""
        proof = {"client_id": client, **({"client_secret": secret} if secret else {})}
        return httpx2.post(self.token_url, data={**proof, **form}, verify=False, timeout=60)

    def register(self, **metadata: Any) -> dict[str, Any]:
        """A public client by anonymous registration (RFC 7591)."""
        asked = {"client_name": "Test", "redirect_uris": ["http://127.0.0.1:3333/cb"], "token_endpoint_auth_method": "none", **metadata}
        answer = httpx2.post(f"{self.issuer}/clients-registrations/openid-connect", json=asked, verify=False, timeout=60)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def named_by_its_resource(self) -> str:
        """This server's client at a Keycloak with resource indicators: those leave the resource as a token's only audience, and
        who exchanges a token has to be its audience. The id of the client, made once."""
        if not self.admin("GET", f"/clients?clientId={self.resource}").json():
            (client,) = self.admin("GET", f"/clients?clientId={CLIENT}").json()
            kept = {name: value for name, value in client.items() if name not in ("id", "protocolMappers")}
            self.admin("POST", "/clients", {**kept, "clientId": self.resource, "secret": SECRET})
        return self.resource

    def admin(self, method: str, path: str, body: Any = None, *, realm: str | None = None) -> httpx2.Response:
        """A call of the admin API below `/admin/realms/<realm>`; raises for a refusal."""
        form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": ADMIN}
        token = httpx2.post(f"{self.base}/realms/master/protocol/openid-connect/token", data=form, verify=False, timeout=60).json()[
            "access_token"
        ]
        place = f"{self.base}/admin/realms" + (f"/{realm or self.realm}{path}" if path else "")
        answer = httpx2.request(method, place, json=body, headers={"Authorization": f"Bearer {token}"}, verify=False, timeout=60)
        answer.raise_for_status()
        return answer


def missing() -> str | None:
    """Why no Keycloak can be started here."""
    if shutil.which("java") is None:
        return "Keycloak is not tested: there is no Java"
    if not _distribution().exists() and shutil.which("mvn") is None:
        return "Keycloak is not tested: there is no Maven to fetch it"
    return None


@pytest.fixture(scope="session")
def keycloak() -> Iterator[Keycloak]:
    """The running server; skipped with the reason where it cannot be had."""
    if reason := missing():
        pytest.skip(reason)
    with shared(cache_folder("keycloak"), _start) as facts:
        yield Keycloak(str(facts["base"]), str(facts["resource"]))


def _distribution() -> Path:
    return cache_folder("keycloak") / f"keycloak-{VERSION}"


def _start() -> Started:
    home = _built()
    port, resource = free_port(), f"http://127.0.0.1:{free_port()}/mcp"
    imported = home / "data" / "import"
    imported.mkdir(parents=True, exist_ok=True)
    shutil.copy(REALM_FILE, imported)
    environment = {
        **os.environ,
        "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN,
        "KC_TRUSTSTORE_PATHS": str(certificate()),
        "MCP_RESOURCE_URL": resource,
        "MCP_CLIENT_SECRET": SECRET,
        "JAVA_OPTS_APPEND": "-Xms64m -Xmx512m",
    }
    options = ["--import-realm", "--http-enabled=true", "--http-host=127.0.0.1", f"--http-port={port}", "--hostname-strict=false"]
    command = [str(home / "bin" / "kc.sh"), "start", "--optimized", *options]
    with (cache_folder("keycloak") / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    base = f"http://127.0.0.1:{port}"
    return Started(process, {"base": base, "resource": resource}, f"{base}/realms/nextcloud-mcp/.well-known/openid-configuration")


def _built() -> Path:
    home, folder = _distribution(), cache_folder("keycloak")
    if not (home / ".built").exists():
        shutil.rmtree(home, ignore_errors=True)
        artifact = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
        fetch = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
        subprocess.run(fetch, check=True)
        archive = folder / f"keycloak-quarkus-dist-{VERSION}.zip"
        zipfile.ZipFile(archive).extractall(folder)
        archive.unlink()
        (home / "bin" / "kc.sh").chmod(0o755)
        subprocess.run([str(home / "bin" / "kc.sh"), "build", "--db=dev-mem", f"--features={FEATURES}"], check=True)
        (home / ".built").touch()
    return home


__all__ = ["CLIENT", "SECRET", "Keycloak", "keycloak", "missing"]
