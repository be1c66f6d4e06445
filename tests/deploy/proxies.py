"""nginx and Caddy as their samples say, on ports that nobody has and with a certificate of the test's own."""

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from callcenter.cli.samples import write_samples
from callcenter.settings import Settings
from tests.tools import libraries, tool

HOST = "desk.example.org"
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Front:
    """A running proxy, and the authority that a client must trust."""

    url: str
    plain_url: str
    authority: Path

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)


class Authority:
    """A private authority: `certificate` is what clients trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of one's own")])
        made = _certificate(self._name, self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.certificate = folder / "authority.pem"
        self.certificate.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *addresses: str) -> tuple[Path, Path]:
        """A certificate for these names and its key, as files."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(name), *(x509.IPAddress(ip_address(each)) for each in addresses)]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = _certificate(subject, self._name, key.public_key()).add_extension(
            x509.SubjectAlternativeName(names), critical=False
        )
        certificate, private = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        certificate.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
    )


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@asynccontextmanager
async def nginx(settings: Settings, folder: Path, port: int) -> AsyncIterator[Front]:
    """In front of the ports that the settings name. `port`: the one that the pages' address has."""
    folder.mkdir(exist_ok=True)
    authority, plain = Authority(folder), free_port()
    certificate, key = authority.issue(HOST, "127.0.0.1")
    sample = _sample(settings, folder, "nginx.conf")
    for said, here in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        (f"/etc/letsencrypt/live/{HOST}/fullchain.pem", str(certificate)),
        (f"/etc/letsencrypt/live/{HOST}/privkey.pem", str(key)),
    ):
        assert sample.count(said) == 1, said
        sample = sample.replace(said, here)
    (folder / "callcenter.conf").write_text(sample)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "main.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log {folder}/access.log;\n{temporary}include {folder}/callcenter.conf;\n}}\n"
    )
    command = (tool("nginx"), "-p", str(folder), "-c", str(folder / "main.conf"), "-e", str(folder / "error.log"))
    async with _running(command, folder, port):
        yield Front(f"https://{HOST}:{port}", f"http://127.0.0.1:{plain}", authority.certificate)


@asynccontextmanager
async def caddy(settings: Settings, folder: Path, port: int) -> AsyncIterator[Front]:
    """The same by Caddy, which would fetch a certificate by itself."""
    folder.mkdir(exist_ok=True)
    authority, plain = Authority(folder), free_port()
    certificate, key = authority.issue(HOST, "127.0.0.1")
    sample = _sample(settings, folder, "Caddyfile")
    site = f"{HOST} {{\n"
    assert sample.count(site) == 1
    options = f"{{\nadmin off\nhttp_port {plain}\nhttps_port {port}\ndefault_bind 127.0.0.1\n}}\n"
    sample = sample.replace(site, f"{options}{site}tls {certificate} {key}\n")
    (folder / "Caddyfile").write_text(sample)
    command = (tool("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile"))
    async with _running(command, folder, port):
        yield Front(f"https://{HOST}:{port}", f"http://127.0.0.1:{plain}", authority.certificate)


def _sample(settings: Settings, folder: Path, name: str) -> str:
    write_samples(settings, folder)
    return (folder / "samples" / name).read_text()


@asynccontextmanager
async def _running(command: Sequence[str], folder: Path, port: int) -> AsyncIterator[None]:
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, env={**libraries(), "HOME": str(folder)}, stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await _listens(port):
                assert process.returncode is None, (folder / "log").read_text()
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
