"""A client id metadata document on https at this machine, with a certificate that the tests' providers trust."""

import datetime
import ipaddress
import json
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.providers.cache import cache_folder, locked


def certificate() -> Path:
    """A self-signed certificate for localhost, made once; its key is beside it."""
    folder = cache_folder("documents")
    path = folder / "localhost.pem"
    with locked(folder):
        if not path.exists():
            private, made = _made()
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


def _made() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, made.public_bytes(serialization.Encoding.PEM)
