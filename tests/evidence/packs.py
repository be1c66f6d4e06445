"""Packs to look at: a whole one, and the same with something changed."""

import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from callcenter.evidence.chain import GENESIS, Link, content_of, joined
from callcenter.evidence.container import write
from callcenter.evidence.manifest import Head, key_of
from callcenter.evidence.seal import seal

KEY = key_of("11" * 32)
OTHER_KEY = key_of("22" * 32)
COMPANY, TICKET = 3, 41
AT = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
AUDIO = {7: b"RIFF first" * 30, 8: b"RIFF second" * 40}


def entry(seq: int, kind: str, **body: object) -> str:
    return json.dumps(
        {"at": AT.isoformat(), "body": body, "company": COMPANY, "kind": kind, "salt": f"{seq:x}", "seq": seq},
        ensure_ascii=False,
    )


def chained(entries: list[str], before: bytes = GENESIS, first: int = 1) -> list[Link]:
    links = []
    for seq, text in enumerate(entries, first):
        before = joined(before, content_of(text))
        links.append(Link(seq, content_of(text), before, text))
    return links


def ledger() -> list[Link]:
    """Six entries; the fourth is about another ticket, so its text is not shown."""
    listed = [
        entry(1, "recording recorded", recording=7, ticket=TICKET, sha256=sha256(AUDIO[7]).hexdigest()),
        entry(2, "recording attached", recording=7, ticket=TICKET, sha256=sha256(AUDIO[7]).hexdigest()),
        entry(3, "recording attached", recording=8, ticket=TICKET, sha256=sha256(AUDIO[8]).hexdigest()),
        entry(4, "recording attached", recording=9, ticket=99, sha256="0" * 64),
        entry(5, "hold placed", ticket=TICKET, reason="суд"),
        entry(6, "pack ordered", pack=1, ticket=TICKET),
    ]
    links = chained(listed)
    links[3] = Link(4, links[3].content, links[3].hash)
    return links


def text_of(links: list[Link]) -> bytes:
    return "".join(link.line() + "\n" for link in links).encode()


def head(links: list[Link]) -> Head:
    recordings = [
        {
            "id": number, "call": "node1-1.1", "state": "attached", "sha256": sha256(audio).hexdigest(),
            "size": len(audio), "duration_s": 2.0, "channels": 2, "rate": 8000, "repaired": False, "defect": None,
            "recorded_at": AT, "because": None, "original": f"originals/{number}.wav", "copy": f"copies/{number}.ogg",
        }
        for number, audio in AUDIO.items()
    ]  # fmt: skip
    chain = [{"first": 1, "last": len(links), "before": GENESIS.hex(), "head": links[-1].hash.hex()}]
    return Head.model_validate(
        {
            "pack": 1, "made_at": AT, "language": "ru", "company": {"id": COMPANY, "name": "УК", "zone": "Europe/Moscow"},
            "ticket": {"id": TICKET, "number": 12, "opened_at": AT}, "chain": chain, "recordings": recordings,
        }
    )  # fmt: skip


def make(path: Path, *, key: Ed25519PrivateKey = KEY, **instead: bytes) -> Path:
    """A pack. `instead`: other contents by the name's last part without its ending, sealed as if they were right."""
    folder = path.with_suffix(".folder")
    links = ledger()
    files = {f"originals/{number}.wav": audio for number, audio in AUDIO.items()}
    files |= {f"copies/{number}.ogg": b"OggS" + audio[:20] for number, audio in AUDIO.items()}
    files |= {"timeline.json": b'{"calls": []}', "journal.json": b'{"entries": []}', "evidence.pdf": b"%PDF-1.7 page"}
    files["ledger.jsonl"] = text_of(links)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(instead.get(Path(name).stem, content))
    seal(folder, head(links), key, path)
    return path


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as pack:
        return {info.filename: pack.read(info) for info in pack.infolist()}


def changed(path: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """The pack written again, as packs are written, after `change` had its way with its entries."""
    files = contents(path)
    change(files)
    return pack_of(path.with_name("changed.zip"), files)


def pack_of(target: Path, files: Mapping[str, bytes]) -> Path:
    folder = target.with_suffix(".files")
    folder.mkdir(exist_ok=True)
    held = []
    for number, (name, content) in enumerate(files.items()):
        (folder / str(number)).write_bytes(content)
        held.append((name, folder / str(number)))
    write(target, held)
    return target
