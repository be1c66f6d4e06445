"""Where browsers reach a real Asterisk: by TLS at its own port, without TLS on this machine only."""

import base64
import os
import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, free_port

pytestmark = pytest.mark.e2e

NAME = "desk.example.org"
DIRECTORY = Directory(numbers=(), endpoints=(("web-anna", "secret-1"), ("op-01", "secret-2")))
CERTIFICATE, KEY = "desk.pem", "desk.key"


def certify(etc: Path) -> None:
    """A certificate of this name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (etc / CERTIFICATE).write_bytes(certificate.public_bytes(pem))
    plain = serialization.NoEncryption()
    (etc / KEY).write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    files = {"wss_certificate": f"/etc/asterisk/{CERTIFICATE}", "wss_key": f"/etc/asterisk/{KEY}"}
    with asterisk(
        tmp_path_factory.mktemp("asterisk"), DIRECTORY, certify, more={"wss_port": free_port(), **files}
    ) as made:
        yield made


def upgraded(connection: socket.socket) -> str:
    """The first line of the answer to a browser that wants to speak SIP."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ["GET /ws HTTP/1.1", f"Host: {NAME}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: sip", "", ""]
    connection.sendall("\r\n".join(lines).encode())
    return connection.recv(4096).split(b"\r\n")[0].decode()


def test_a_browser_comes_by_tls_to_the_name_in_the_certificate(pbx: AsteriskInstance) -> None:
    context = ssl.create_default_context(cafile=str(pbx.home / "etc" / CERTIFICATE))
    assert pbx.settings.asterisk.wss_port is not None
    with (
        socket.create_connection(("127.0.0.1", pbx.settings.asterisk.wss_port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as secure,
    ):
        assert secure.version() in ("TLSv1.2", "TLSv1.3")
        assert upgraded(secure) == "HTTP/1.1 101 Switching Protocols"


def test_without_tls_only_this_machine_is_let_in(pbx: AsteriskInstance) -> None:
    port = pbx.settings.asterisk.ws_port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        assert upgraded(plain) == "HTTP/1.1 101 Switching Protocols"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.9", port), timeout=5)


def test_a_telephone_in_a_browser_talks_encrypted_and_another_does_not(pbx: AsteriskInstance) -> None:
    for account, encryption, encrypted in (("web-anna", "dtls", "true"), ("op-01", "no", "false")):
        shown = dict(re.findall(r"^ (\w+) +: (.*)$", pbx.cli(f"pjsip show endpoint {account}"), re.MULTILINE))
        assert (shown["media_encryption"], shown["webrtc"]) == (encryption, {"true": "yes", "false": "no"}[encrypted])
        assert shown["ice_support"] == encrypted
