"""A private certificate is trusted by its bundle and by nothing else."""

import ssl
from pathlib import Path

from nextcloud_sandbox.server import running
from tests.support.assistant import Assistant, session


async def test_a_private_certificate_works_with_its_bundle(tls_server: ssl.SSLContext, certificate: Path) -> None:
    async with running(seed=False, tls=tls_server) as sandbox:
        person = session(sandbox.url, "alice", "alice", ca_bundle=str(certificate))
        made = await Assistant(person).call("nc_notes_create_note", title="over TLS", content="hello")
        await person.transport.aclose()
    assert made["url"].startswith("https://")
