"""The originals in a pack, compared with their SHA-256 in the custody chain, which was taken on Asterisk's disk."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from callcenter.evidence.chain import Link
from callcenter.evidence.manifest import Manifest

MOST_HASHES = 3
"""Of one recording that are named. With more than one it is not genuine, and a hostile pack can state any number."""


def audio_faults(links: Iterable[Link], manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The entry and what is wrong with it, for each original that has another SHA-256 in the chain, or none."""
    chained_hashes: dict[int, set[str]] = {}
    for body in map(_body, links):
        if isinstance(body.get("recording"), int) and isinstance(body.get("sha256"), str):
            hashes = chained_hashes.setdefault(body["recording"], set())
            if len(hashes) < MOST_HASHES:
                hashes.add(body["sha256"])
    listed = {file.name: file.sha256 for file in manifest.files}
    for recording in manifest.recordings:
        if recording.original is None:
            continue
        chained, given = chained_hashes.get(recording.id, set()), listed.get(recording.original, recording.sha256)
        if not chained:
            yield recording.original, "the custody chain in the pack has no SHA-256 of it"
        elif chained != {given}:
            yield recording.original, f"the custody chain has SHA-256 {', '.join(sorted(chained))}"


def _body(link: Link) -> Mapping[str, Any]:
    try:
        held = {} if link.entry is None else json.loads(link.entry)
    except (ValueError, RecursionError):
        return {}
    body = held.get("body") if isinstance(held, dict) else None
    return body if isinstance(body, dict) else {}
