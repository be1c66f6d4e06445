"""What callers will hear, written to Asterisk's disk before they call: who hears what, as small files.

The dialplan (dialplan/outage.conf.j2) finds an affected caller by the file's name alone, so the announcements work with
everything else dead. The texts are spoken before any file names them.
"""

import os
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import asyncpg

from callcenter.outages.announcing.wording import OPTIONS, Speech, announcement, choice
from callcenter.outages.outage import Outage

ENTRIES = 5
"""Announcements that one telephone hears at most, one after the other."""


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

    def missing(self, wanted: Announced) -> set[Speech]:
        """The speeches that are not there yet."""
        needed = wanted.speeches | set(wanted.menus.values())
        return {speech for speech in needed if not self._sound(speech).exists()}

    def add_sound(self, speech: Speech, alaw: bytes) -> None:
        """Put what was spoken there, under its name. `alaw`: 8,000 bytes a second."""
        _replace(self._sound(speech), alaw)

    def put(self, wanted: Announced) -> int:
        """Make the folder hold exactly this, and say how many files changed. Every sound is there before it is named.

        A caller who hears one sound of an old set hears it to its end: sounds are removed last, and an open file lives.
        """
        files = {Path(path): text.encode() for path, text in wanted.files.items()}
        for did, menu in wanted.menus.items():
            files[Path("by-company", did, "menu.alaw")] = self._sound(menu).read_bytes()
        changed = sum(_replace(self._folder / path, content) for path, content in files.items())
        kept = {self._sound(speech).name for speech in wanted.speeches | set(wanted.menus.values())}
        for kind in ("by-number", "by-company", "by-flat"):
            for path in self._there(kind):
                place = path.relative_to(self._folder)
                if str(place) in wanted.stale or str(place.with_name("options")) in wanted.stale:
                    kept |= _named_in(path)
                elif place not in files:
                    changed += _remove(path)
        for path in self._there("said"):
            if path.name not in kept:
                _remove(path)
        return changed

    def _sound(self, speech: Speech) -> Path:
        return self._folder / "said" / f"{speech.name}.alaw"

    def _there(self, kind: str) -> list[Path]:
        return [path for path in (self._folder / kind).rglob("*") if path.is_file() and not path.name.startswith(".")]


def _named_in(path: Path) -> set[str]:
    """The sounds that a file names."""
    if path.suffix == ".alaw":
        return set()
    return {f"{entry.rsplit('-', 1)[1]}.alaw" for entry in path.read_text().split("&")}


def _replace(path: Path, content: bytes) -> bool:
    """Whether it had to be written. Always a new inode: whoever plays the old one hears that to its end."""
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    os.replace(fresh, path)
    return True


def _remove(path: Path) -> bool:
    path.unlink(missing_ok=True)
    return True
