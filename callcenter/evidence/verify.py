"""Whether a pack is genuine, and what is wrong with one that is not. Needs nothing but the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from callcenter.evidence import chain
from callcenter.evidence.container import Container, Unsafe
from callcenter.evidence.manifest import (
    COPIES,
    JOURNAL,
    LEDGER,
    MANIFEST,
    ORIGINALS,
    PRINTED,
    SIGNATURE,
    TIMELINE,
    Manifest,
    Signature,
    written,
)
from callcenter.evidence.originals import audio_faults

LARGEST_TEXT = 64 * 1024 * 1024
"""Bytes of a manifest, a signature or a custody chain that are read into memory."""


class What(StrEnum):
    """What happened to a part of a pack."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    UNREADABLE = "unreadable"
    OTHER_KEY = "other key"


class Part(StrEnum):
    """The parts of a pack."""

    ARCHIVE = "archive"
    MANIFEST = "manifest"
    SIGNATURE = "signature"
    AUDIO = "audio"
    COPY = "copy"
    TIMELINE = "timeline"
    JOURNAL = "journal"
    PRINTED = "printed page"
    LEDGER = "ledger"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `name`: the entry of the pack, empty for the archive; `text`: what is known of it."""

    what: What
    part: Part
    name: str
    text: str


@dataclass(slots=True)
class Verdict:
    """`faults` is empty for a genuine pack. `manifest` and `fingerprint` are None when they cannot be read."""

    faults: list[Fault] = field(default_factory=list)
    manifest: Manifest | None = None
    fingerprint: str | None = None

    def add(self, what: What, name: str, text: str) -> None:
        """Note a fault of the entry of this name."""
        self.faults.append(Fault(what, part_of(name), name, text))


def part_of(name: str) -> Part:
    """Which part an entry is, by its name."""
    if name.startswith(ORIGINALS):
        return Part.AUDIO
    if name.startswith(COPIES):
        return Part.COPY
    known = {MANIFEST: Part.MANIFEST, SIGNATURE: Part.SIGNATURE, TIMELINE: Part.TIMELINE, JOURNAL: Part.JOURNAL}
    known |= {PRINTED: Part.PRINTED, LEDGER: Part.LEDGER, "": Part.ARCHIVE}
    return known.get(name, Part.UNKNOWN)


def verify(path: Path, pinned: str | None = None) -> Verdict:
    """Check the pack. `pinned`: the fingerprint that its key must have. Raises `OSError` when it cannot be read."""
    verdict = Verdict()
    with path.open("rb") as file:
        try:
            pack = Container(file)
        except Unsafe as problem:
            verdict.add(What.UNREADABLE, "", str(problem))
            return verdict
        _Look(pack, verdict).at_everything(pinned)
    return verdict


class _Look:
    def __init__(self, pack: Container, verdict: Verdict) -> None:
        self._pack = pack
        self._verdict = verdict

    def at_everything(self, pinned: str | None) -> None:
        add = self._verdict.add
        manifest, signature = self._text(MANIFEST), self._text(SIGNATURE)
        if manifest is not None:
            self._verdict.manifest = self._read_manifest(manifest)
        if signature is not None:
            self._look_at_signature(manifest, signature, pinned)
        if self._verdict.manifest is not None:
            self._look_at_files(self._verdict.manifest)
            self._look_at_chain(self._verdict.manifest)
        if not self._verdict.faults and not self._pack.as_written():
            add(What.CHANGED, "", "the content of the pack is what was signed, but the ZIP file was rebuilt")

    def _text(self, name: str) -> bytes | None:
        """The bytes of an entry; None, with a fault noted, when there are none."""
        if name not in self._pack.names:
            self._verdict.add(What.REMOVED, name, "it is not in the pack")
            return None
        if self._pack.size(name) > LARGEST_TEXT:
            self._verdict.add(What.UNREADABLE, name, "it is too large for such a file")
            return None
        try:
            return b"".join(self._pack.read(name))
        except Unsafe as problem:
            self._verdict.add(What.CHANGED, name, f"it cannot be read ({problem})")
            return None

    def _read_manifest(self, text: bytes) -> Manifest | None:
        try:
            return Manifest.model_validate_json(text)
        except (ValidationError, RecursionError):
            self._verdict.add(What.CHANGED, MANIFEST, "it is not a manifest of this format any more")
            return None

    def _look_at_signature(self, manifest: bytes | None, text: bytes, pinned: str | None) -> None:
        add = self._verdict.add
        try:
            signature = Signature.model_validate_json(text)
        except (ValidationError, RecursionError):
            add(What.CHANGED, SIGNATURE, "it is not a signature of this format any more")
            return
        if written(signature) != text:
            add(What.CHANGED, SIGNATURE, "it is not in the form of a signature")
        self._verdict.fingerprint = signature.fingerprint
        if pinned is not None and pinned != signature.fingerprint:
            add(What.OTHER_KEY, SIGNATURE, f"signed by {signature.fingerprint}, and not by {pinned}")
        if manifest is None:
            return
        named = self._verdict.manifest.signed_by if self._verdict.manifest else signature.fingerprint
        whole = sha256(manifest).hexdigest() == signature.manifest_sha256
        if signature.fits(manifest):
            if not whole:
                add(What.CHANGED, SIGNATURE, "the digest of the manifest in it was changed")
            if named != signature.fingerprint:
                add(What.OTHER_KEY, SIGNATURE, f"signed by {signature.fingerprint}; the manifest names {named}")
        elif not whole:
            add(What.CHANGED, MANIFEST, "it is not the manifest that was signed")
        elif named != signature.fingerprint:
            add(What.OTHER_KEY, SIGNATURE, f"the key in it is not the one that the manifest names, {named}")
        else:
            add(What.CHANGED, SIGNATURE, "it is not this key's signature of this manifest")

    def _look_at_files(self, manifest: Manifest) -> None:
        add, listed = self._verdict.add, {file.name: file for file in manifest.files}
        for name in self._pack.names:
            if name not in listed and name not in (MANIFEST, SIGNATURE):
                add(What.ADDED, name, "the manifest does not list it")
        for name, file in listed.items():
            if name not in self._pack.names:
                add(What.REMOVED, name, f"the manifest lists it, with SHA-256 {file.sha256}")
                continue
            try:
                found = self._digest(name)
            except Unsafe as problem:
                add(What.CHANGED, name, f"it cannot be read ({problem})")
                continue
            if found != file.sha256:
                add(What.CHANGED, name, f"SHA-256 is {found}, and was {file.sha256}")

    def _digest(self, name: str) -> str:
        found = sha256()
        for chunk in self._pack.read(name):
            found.update(chunk)
        return found.hexdigest()

    def _look_at_chain(self, manifest: Manifest) -> None:
        text = self._text(LEDGER) if LEDGER in self._pack.names else None
        if text is None:
            return
        add = self._verdict.add
        links: list[chain.Link] = []
        for number, line in enumerate(text.split(b"\n")[:-1], 1):
            try:
                links.append(chain.read_line(line.decode()))
            except ValueError:
                add(What.CHANGED, LEDGER, f"line {number} cannot be read")
        stated = [
            chain.Ends(manifest.company.id, run.first, run.last, bytes.fromhex(run.before), bytes.fromhex(run.head))
            for run in manifest.chain
        ]
        for problem in chain.faults_of_runs(links, stated):
            add(What.CHANGED, LEDGER, problem)
        for name, problem in audio_faults(links, manifest):
            add(What.CHANGED, name, problem)


def lines(verdict: Verdict) -> Iterator[str]:
    """The faults, as they are printed."""
    for fault in verdict.faults:
        what = f"{fault.what} {fault.part}"
        yield f"{what}: {fault.name}: {fault.text}" if fault.name else f"{what}: {fault.text}"
