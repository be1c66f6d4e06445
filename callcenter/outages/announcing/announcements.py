"""What callers will hear, written to Asterisk's disk before they call: who hears what, as small files.

The dialplan (dialplan/outage.conf.j2) finds an affected caller by the file's name alone, so the announcements work with
everything else dead. The texts are spoken before any file names them.
"""

import os
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import asyncpg

from callcenter.outages.announcing.wording import OPTIONS, Speech, announcement, choice
from callcenter.outages.outage import Outage

ENTRIES = 5
"""Announcements that one telephone hears at most, one after the other."""
REPEATED_S = 900.0
"""Seconds after which nobody hears again what an ended outage, or an old expected end, has left."""


@dataclass(frozen=True, slots=True)
class ToldOutage:
    """An outage of which callers are told. `dids`: the company's numbers; the spare ticket numbers are a half-open range."""

    outage: Outage
    dids: tuple[str, ...]
    spare_from: int
    spare_until: int


@dataclass(frozen=True, slots=True)
class Announced:
    """Everything of one moment that is to lie on the disk.

    `files`: the text of each by its path; `menus`: the speech of the choice of a company's number; `speeches`: all others.
    `stale`: paths of which the files stay as they are; `unspoken`: the outages of which something could not be spoken.
    `callers`: by outage, the telephones that hear it; `dids`: by outage, the company's numbers.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    menus: Mapping[str, Speech] = field(default_factory=dict)
    speeches: frozenset[Speech] = frozenset()
    stale: frozenset[str] = frozenset()
    unspoken: frozenset[int] = frozenset()
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
        left_out: set[int] = set()
        for path, text in self.files.items():
            mute = path.startswith("by-company/") and path.split("/")[1] in silent
            entries = [] if mute else [entry for entry in text.split("&") if entry.rsplit("-", 1)[1] not in names]
            left_out |= {int(entry.split("-")[0]) for entry in text.split("&") if entry not in entries}
            if entries:
                files[path] = "&".join(entries)
        menus = {did: menu for did, menu in self.menus.items() if f"by-company/{did}/options" in files}
        stale = frozenset(path for path, text in self.files.items() if files.get(path) != text)
        files = {path: text for path, text in files.items() if path not in stale}
        speeches = self.speeches - unspoken
        return replace(self, files=files, menus=menus, speeches=speeches, stale=stale, unspoken=frozenset(left_out))


def compose(told: Sequence[ToldOutage], flats: Iterable[asyncpg.Record], now: datetime) -> Announced:
    """Who hears what at `now`. The flats are rows of the query `announced_flats`."""
    by_id = {each.outage.id: each for each in told}
    speeches = {
        (each.outage.id, place.house_id): announcement(each.outage, [place], now)
        for each in told
        for place in each.outage.places
    }
    entries: dict[str, list[str]] = {}
    callers: dict[int, set[str]] = {outage: set() for outage in by_id}
    for row in flats:
        outage = row["outage_id"]
        entry = f"{outage}-{row['number']}-{speeches[outage, row['house_id']].name}"
        callers[outage].update(row["phones"])
        keyed = "".join(letter for letter in row["flat"] if letter.isascii() and letter.isdigit())
        if keyed == row["flat"].strip():
            entries[f"by-flat/{outage}/{row['house_id']}/{keyed}"] = [entry]
        for did in by_id[outage].dids:
            for phone in row["phones"]:
                entries.setdefault(f"by-number/{did}/{phone}", []).append(entry)
    files = {path: "&".join(named[:ENTRIES]) for path, named in entries.items()}
    menus: dict[str, Speech] = {}
    whole: set[Speech] = set()
    for company in {each.outage.company_id for each in told}:
        _company([each for each in told if each.outage.company_id == company], speeches, now, files, menus, whole)
    return Announced(
        files=files,
        menus=menus,
        speeches=frozenset(speeches.values()) | whole,
        callers={outage: frozenset(phones) for outage, phones in callers.items()},
        dids={outage: frozenset(each.dids) for outage, each in by_id.items()},
    )


def _company(
    told: list[ToldOutage],
    speeches: Mapping[tuple[int, int], Speech],
    now: datetime,
    files: dict[str, str],
    menus: dict[str, Speech],
    whole: set[Speech],
) -> None:
    """What callers hear of whom the company knows nothing."""
    places = [(each, place) for each in told for place in each.outage.places][:OPTIONS]
    if not places:
        return
    options = [_option(each, place.house_id, speeches[each.outage.id, place.house_id]) for each, place in places]
    language = told[0].outage.language
    menu = Speech(tuple(choice([place.said for _, place in places], language)), language)
    alone = None
    if len(told) == 1:
        [only] = told
        everywhere = announcement(only.outage, only.outage.places, now)
        whole.add(everywhere)
        alone = options[0] if len(only.outage.places) == 1 else _option(only, 0, everywhere)
    for did in told[0].dids:
        files[f"by-company/{did}/options"] = "&".join(options)
        menus[did] = menu
        if alone is not None:
            files[f"by-company/{did}/alone"] = alone


def _option(told: ToldOutage, house: int, speech: Speech) -> str:
    return f"{told.outage.id}-{house}-{told.spare_from}-{told.spare_until}-{speech.name}"


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
