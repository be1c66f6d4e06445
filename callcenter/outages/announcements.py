"""What callers will hear, written to Asterisk's disk before they call: who hears what, as small files.

The dialplan (dialplan/outage.conf.j2) finds an affected caller by the file's name alone, so the announcements work with
everything else dead. The texts are spoken before any file names them.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from callcenter.outages.wording import OPTIONS, OutageFacts, choice, sentences

ENTRIES = 5
"""Announcements that one telephone hears at most, one after the other."""
REPEATED_S = 900.0
"""Seconds after which nobody hears again what an ended outage, or an old expected end, has left."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Sentences to be spoken, and the name of the sound: the same text has the same name."""

    sentences: tuple[str, ...]
    language: str

    @property
    def name(self) -> str:
        """16 hexadecimal digits."""
        return hashlib.sha256("\n".join((self.language, *self.sentences)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Announced:
    """Everything of one moment that is to lie on the disk.

    `files`: the text of each by its path; `menus`: the speech of the choice of a company's number; `speeches`: all others.
    `stale`: paths of which the files stay as they are. `callers`: by outage, the telephones that hear it; `dids`: by outage, the company's numbers.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    menus: Mapping[str, Speech] = field(default_factory=dict)
    speeches: frozenset[Speech] = frozenset()
    stale: frozenset[str] = frozenset()
    callers: Mapping[int, frozenset[str]] = field(default_factory=dict)
    dids: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @property
    def languages(self) -> frozenset[str]:
        """In which something is to be said."""
        return frozenset(speech.language for speech in self.speeches)

    def without(self, unspoken: Set[Speech]) -> "Announced":
        """The same without what could not be spoken. What was said before in these places stays (`stale`)."""
        names = {speech.name for speech in unspoken}
        silent = {did for did, menu in self.menus.items() if menu in unspoken}
        files: dict[str, str] = {}
        for path, text in self.files.items():
            entries = [entry for entry in text.split("&") if entry.rsplit("-", 1)[1] not in names]
            if entries and not (path.startswith("by-company/") and path.split("/")[1] in silent):
                files[path] = "&".join(entries)
        menus = {did: menu for did, menu in self.menus.items() if f"by-company/{did}/options" in files}
        stale = frozenset(path for path, text in self.files.items() if files.get(path) != text)
        files = {path: text for path, text in files.items() if path not in stale}
        return replace(self, files=files, menus=menus, speeches=self.speeches - unspoken, stale=stale)


def compose(
    outages: Sequence[asyncpg.Record], places: Iterable[asyncpg.Record], flats: Iterable[asyncpg.Record], now: datetime
) -> Announced:
    """Who hears what at `now`. The rows are those of the queries `announced`, `places`, `announced_flats`."""
    addresses: dict[int, dict[int, str]] = {row["id"]: {} for row in outages}
    for row in places:
        addresses[row["outage_id"]][row["house_id"]] = f"{row['street']}, {row['building']}"
    by_id = {row["id"]: row for row in outages}
    speeches: dict[tuple[int, int], Speech] = {
        (outage, house): _speech(by_id[outage], [address], now)
        for outage, houses in addresses.items()
        for house, address in houses.items()
    }
    entries: dict[str, list[str]] = {}
    callers: dict[int, set[str]] = {outage: set() for outage in by_id}
    for row in flats:
        outage = by_id[row["outage_id"]]
        entry = f"{outage['id']}-{row['number']}-{speeches[outage['id'], row['house_id']].name}"
        callers[outage["id"]].update(row["phones"])
        keyed = "".join(letter for letter in row["flat"] if letter.isascii() and letter.isdigit())
        if keyed == row["flat"].strip():
            entries[f"by-flat/{outage['id']}/{row['house_id']}/{keyed}"] = [entry]
        for did in outage["dids"]:
            for phone in row["phones"]:
                entries.setdefault(f"by-number/{did}/{phone}", []).append(entry)
    files = {path: "&".join(named[:ENTRIES]) for path, named in entries.items()}
    menus: dict[str, Speech] = {}
    whole: set[Speech] = set()
    for company in {row["company_id"] for row in outages}:
        _company(
            [row for row in outages if row["company_id"] == company], addresses, speeches, now, files, menus, whole
        )
    return Announced(
        files=files,
        menus=menus,
        speeches=frozenset(speeches.values()) | whole,
        callers={outage: frozenset(phones) for outage, phones in callers.items()},
        dids={row["id"]: frozenset(row["dids"]) for row in outages},
    )


def _company(
    outages: list[asyncpg.Record],
    addresses: Mapping[int, Mapping[int, str]],
    speeches: Mapping[tuple[int, int], Speech],
    now: datetime,
    files: dict[str, str],
    menus: dict[str, Speech],
    whole: set[Speech],
) -> None:
    """What callers hear of whom the company knows nothing."""
    houses = [(row, house, text) for row in outages for house, text in addresses[row["id"]].items()][:OPTIONS]
    options = [_option(row, house, speeches[row["id"], house]) for row, house, _ in houses]
    menu = Speech(tuple(choice([text for _, _, text in houses], outages[0]["language"])), outages[0]["language"])
    alone = None
    if len(outages) == 1 and options:
        only = outages[0]
        everywhere = _speech(only, list(addresses[only["id"]].values()), now)
        whole.add(everywhere)
        alone = options[0] if len(addresses[only["id"]]) == 1 else _option(only, 0, everywhere)
    for did in outages[0]["dids"]:
        if not options:
            continue
        files[f"by-company/{did}/options"] = "&".join(options)
        menus[did] = menu
        if alone is not None:
            files[f"by-company/{did}/alone"] = alone


def _option(outage: asyncpg.Record, house: int, speech: Speech) -> str:
    return f"{outage['id']}-{house}-{outage['spare_from']}-{outage['spare_until']}-{speech.name}"


def _speech(outage: asyncpg.Record, addresses: list[str], now: datetime) -> Speech:
    language = outage["language"]
    facts = OutageFacts(
        language=language,
        said=outage["said_ru" if language == "ru" else "said_en"],
        planned=outage["planned"],
        since=outage["since"],
        until=outage["until"],
        cause=outage["cause"],
        workers=outage["workers"],
        message=outage["message"],
        zone=ZoneInfo(outage["zone"]),
    )
    return Speech(tuple(sentences(facts, addresses, now)), language)


class AnnouncementFolder:
    """The folder that Asterisk reads. Not for two processes at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # What was written here by its path: only after a start it is read from the disk.
        self._written: dict[str, bytes] = {}
        # Since when no file has named a sound.
        self._unnamed: dict[str, float] = {}

    def missing(self, wanted: Announced) -> set[Speech]:
        """The speeches that are not there yet."""
        needed = wanted.speeches | set(wanted.menus.values())
        return {speech for speech in needed if not self._sound(speech).exists()}

    def add_sound(self, speech: Speech, alaw: bytes) -> None:
        """Put what was spoken there, under its name. `alaw`: 8,000 bytes a second."""
        _write(str(self._sound(speech)), alaw)

    def put(self, wanted: Announced, now: float) -> int:
        """Make the folder hold exactly this, and say how many files changed. Every sound is there before it is named.

        Whoever was told of an outage before it ended can hear it again: sounds stay for a while. `now`: in seconds.
        """
        files = {path: text.encode() for path, text in wanted.files.items()}
        for did, menu in wanted.menus.items():
            files[f"by-company/{did}/menu.alaw"] = self._sound(menu).read_bytes()
        there = {path for kind in ("by-number", "by-company", "by-flat") for path in self._there(kind)}
        changed = 0
        for path, content in files.items():
            if path in there and path not in self._written:
                self._written[path] = (self._folder / path).read_bytes()
            if path not in there or self._written[path] != content:
                _write(f"{self._folder}/{path}", content)
                self._written[path] = content
                changed += 1
        kept = {f"said/{self._sound(speech).name}" for speech in wanted.speeches | set(wanted.menus.values())}
        for path in there - files.keys():
            if path in wanted.stale or f"{os.path.dirname(path)}/options" in wanted.stale:
                kept |= _named_in(self._folder / path)
            else:
                self._written.pop(path, None)
                changed += self._remove(path)
        for path in self._there("said"):
            if path in kept:
                self._unnamed.pop(path, None)
            elif now - self._unnamed.setdefault(path, now) >= REPEATED_S:
                del self._unnamed[path]
                self._remove(path)
        return changed

    def _remove(self, path: str) -> bool:
        (self._folder / path).unlink(missing_ok=True)
        return True

    def _sound(self, speech: Speech) -> Path:
        return self._folder / "said" / f"{speech.name}.alaw"

    def _there(self, kind: str) -> list[str]:
        """The files of this kind, by their paths in the folder. There are thousands."""
        start = len(str(self._folder)) + 1
        return [f"{root[start:]}/{name}" for root, _, names in os.walk(f"{self._folder}/{kind}") for name in names]


def _named_in(path: Path) -> set[str]:
    """The sounds that a file names."""
    if path.suffix == ".alaw":
        return set()
    return {f"said/{entry.rsplit('-', 1)[1]}.alaw" for entry in path.read_text().split("&")}


def _write(path: str, content: bytes) -> None:
    """Always a new inode: whoever plays the old one hears that to its end."""
    folder, name = os.path.split(path)
    fresh = f"{folder}/.{name}.new"
    try:
        try:
            _rename_whole(fresh, path, content)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            _rename_whole(fresh, path, content)
    except OSError:
        # A full disk: what is half written takes no room from the rest.
        with suppress(FileNotFoundError):
            os.unlink(fresh)
        raise


def _rename_whole(fresh: str, path: str, content: bytes) -> None:
    with open(fresh, "wb") as file:
        file.write(content)
    os.replace(fresh, path)
