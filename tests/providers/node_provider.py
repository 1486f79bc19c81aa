"""The npm package oidc-provider, started from `oidc_provider/`: opaque tokens, introspection, rotation, resource indicators."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.providers.cache import cache_folder
from tests.providers.documents import certificate
from tests.providers.person import Person, Pkce, authorization
from tests.providers.shared import Started, free_port, shared

HERE = Path(__file__).parent / "oidc_provider"
CLIENT, SECRET = "nextcloud-mcp-server", "test-mcp-secret"
NEXTCLOUD = "http://nextcloud.test"
RESOURCE = "http://127.0.0.1:8000/mcp"


@dataclass(frozen=True)
class NodeProvider:
    """`issuer` is its address. Tokens for `RESOURCE` are opaque, those for `NEXTCLOUD` are JWTs."""

    issuer: str

    @property
    def discovery_url(self) -> str:
        return f"{self.issuer}/.well-known/openid-configuration"

    def tokens(
        self, user: str, scope: str, *, resource: str = RESOURCE, client: str = CLIENT, secret: str | None = SECRET
    ) -> dict[str, Any]:
        """What the token endpoint gives after `user` signed in."""
        pkce, cb = Pkce(), "http://127.0.0.1:3333/cb"
        more = {"prompt": "consent"} if "offline_access" in scope.split() else {}
        asked = authorization(f"{self.issuer}/auth", pkce, client_id=client, scope=scope, resource=resource, redirect_uri=cb, **more)
        code = Person(user).sign_in(asked)["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": cb, "code_verifier": pkce.verifier, "resource": resource}
        return self.token(form, client=client, secret=secret).json()

    def token(self, form: dict[str, str], *, client: str = CLIENT, secret: str | None = SECRET) -> httpx2.Response:
        """A call of the token endpoint."""
        if secret:
            return httpx2.post(f"{self.issuer}/token", data=form, auth=(client, secret), verify=False, timeout=60)
        return httpx2.post(f"{self.issuer}/token", data={**form, "client_id": client}, verify=False, timeout=60)


@pytest.fixture(scope="session")
def node_provider() -> Iterator[NodeProvider]:
    """The running provider; skipped where there is no Node."""
    if shutil.which("npm") is None:
        pytest.skip("oidc-provider is not tested: there is no npm")
    with shared(cache_folder("oidc-provider"), _start) as facts:
        yield NodeProvider(str(facts["issuer"]))


def _start() -> Started:
    folder, port = cache_folder("oidc-provider"), free_port()
    wanted = (HERE / "package-lock.json").read_bytes()
    installed = folder / "package-lock.json"
    if not installed.exists() or installed.read_bytes() != wanted or not (folder / "node_modules").exists():
        shutil.copy(HERE / "package.json", folder)
        shutil.copy(HERE / "package-lock.json", folder)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    shutil.copy(HERE / "server.mjs", folder)
    with (folder / "server.log").open("wb") as log:
        environment = {**os.environ, "PORT": str(port), "NODE_EXTRA_CA_CERTS": str(certificate())}
        command = ["node", "server.mjs"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    issuer = f"http://127.0.0.1:{port}"
    return Started(process, {"issuer": issuer}, f"{issuer}/.well-known/openid-configuration", seconds=60)
