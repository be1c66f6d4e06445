"""Making a pack out of a folder: the list of what is in it, its signature, and the ZIP."""

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from callcenter.evidence.container import write
from callcenter.evidence.manifest import MANIFEST, SIGNATURE, File, Head, Manifest, fingerprint, sign, written


def seal(folder: Path, head: Head, key: Ed25519PrivateKey, target: Path) -> None:
    """Write the pack of everything in `folder` to `target`, which is outside it. Blocks.

    Raises `TooLarge`, and `OSError` when the disk is full.
    """
    found = ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    files = sorted((name, path) for name, path in found if name not in (MANIFEST, SIGNATURE))
    listed = tuple(File(name=name, sha256=digest(path).hex(), size=path.stat().st_size) for name, path in files)
    said = head.model_dump(by_alias=True)
    manifest = written(Manifest.model_validate({**said, "signed_by": fingerprint(key), "files": listed}))
    (folder / MANIFEST).write_bytes(manifest)
    (folder / SIGNATURE).write_bytes(written(sign(manifest, key)))
    own = [(name, folder / name) for name in (MANIFEST, SIGNATURE)]
    write(target, [*own, *files])


def digest(path: Path) -> bytes:
    """The SHA-256 of a file. Blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
