"""A client id metadata document on https at this machine, with a certificate that the tests' providers trust."""

import json
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.providers.cache import cache_folder, locked
from tests.support.certificates import self_signed


def certificate() -> Path:
    """A self-signed certificate for localhost, made once; its key is beside it."""
    folder = cache_folder("documents")
    path = folder / "localhost.pem"
    with locked(folder):
        if not path.exists():
            private, made = self_signed(days=3650)
            path.with_suffix(".key").write_bytes(private)
            path.write_bytes(made)
    return path


@contextmanager
def document(**described: Any) -> Generator[str]:
    """Serves the document of a public client; its address, which is the client's id."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(), certificate().with_suffix(".key"))
    told: dict[str, Any] = {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"], **described}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answer, told))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    told["client_id"] = f"https://localhost:{server.server_port}/client.json"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield told["client_id"]
    finally:
        server.shutdown()
        server.server_close()


class _Answer(BaseHTTPRequestHandler):
    def __init__(self, told: dict[str, Any], *rest: Any) -> None:
        self.told = told
        super().__init__(*rest)

    def do_GET(self) -> None:
        body = json.dumps(self.told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass
