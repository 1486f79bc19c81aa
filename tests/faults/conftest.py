"""What fault tests share."""

import ssl
from pathlib import Path

import pytest

from tests.support.certificates import self_signed


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file."""
    path = tmp_path_factory.mktemp("tls") / "self-signed.pem"
    path.write_bytes(b"".join(self_signed(days=1)))
    return path


@pytest.fixture
def tls_server(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
