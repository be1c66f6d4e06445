"""What is due to a caller: read from the announcements on Asterisk's disk, as the product wrote them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stack.outage.plan import Person


@dataclass(frozen=True, slots=True)
class Entry:
    """What a caller of an outage is to hear: the ticket's number, 0 if that is not reserved, and the sound of it."""

    outage: int
    number: int
    said: str


class DueSounds:
    """Of the callers of one company's number, who live in one house. `phrases`: the folder of one language."""

    def __init__(self, announcements: Path, phrases: Path, did: str, house: int) -> None:
        self._folder = announcements
        self._phrases = phrases
        self._did = did
        self._house = house
        self._sounds: dict[str, bytes] = {}

    def known(self, number: str) -> bool:
        """Whether something is due to this telephone."""
        return (self._folder / "by-number" / self._did / number).exists()

    def digit(self) -> str:
        """By which the house is chosen; empty when there is nothing to choose."""
        for place, option in enumerate(self._options(), 1):
            if int(option.split("-")[1]) == self._house:
                return str(place)
        return ""

    def entry(self, person: Person, outage: int, number: int) -> Entry | None:
        """What is due to somebody who is told of this outage, and of a ticket with this number."""
        if self.known(person.number):
            return self._entry(self._folder / "by-number" / self._did / person.number, outage)
        flat = self._entry(self._folder / "by-flat" / str(outage) / str(self._house) / person.flat, outage)
        if flat is not None and flat.number == number:
            return flat
        for option in (*self._options(), *self._options("alone")):
            theirs, house, first, until, said = option.split("-")
            # 0: all houses of the outage in one announcement.
            if int(theirs) == outage and int(house) in (self._house, 0) and int(first) <= number < int(until):
                return Entry(outage, number, said)
        return None

    def sound(self, said: str, number: int) -> bytes:
        """The announcement with its number, as the dialplan plays it."""
        spoken = b"".join(self._read(self._numbers() / f"{part}.alaw") for part in spoken_parts(number))
        phrases = {name: self._read(self._phrases / f"{name}.alaw") for name in ("ticket-number", "repeat")}
        return self.said(said) + phrases["ticket-number"] + spoken + phrases["repeat"] + spoken

    def said(self, name: str) -> bytes:
        """One sound; kept, since the product removes what is said no longer."""
        return self._read(self._folder / "said" / f"{name}.alaw")

    def menu(self) -> bytes:
        """The question for the address; empty when there is none."""
        try:
            return self._menu().read_bytes()
        except FileNotFoundError:
            return b""

    def all_said(self) -> dict[str, bytes]:
        """Every sound that was there when this was asked now or before."""
        for path in (self._folder / "said").glob("*.alaw"):
            self.said(path.stem)
        return {Path(name).stem: sound for name, sound in self._sounds.items() if "/said/" in name}

    def length_s(self, name: str) -> float:
        """Of a phrase, or `menu`."""
        path = (
            self._folder / "by-company" / self._did / "menu.alaw" if name == "menu" else self._phrases / f"{name}.alaw"
        )
        try:
            return path.stat().st_size / 8000
        except FileNotFoundError:
            return 0.0

    def _options(self, name: str = "options") -> list[str]:
        try:
            return (self._folder / "by-company" / self._did / name).read_text().split("&")
        except FileNotFoundError:
            return []

    def _entry(self, path: Path, outage: int) -> Entry | None:
        try:
            entries = [entry.split("-") for entry in path.read_text().split("&")]
        except FileNotFoundError:
            return None
        return next((Entry(outage, int(number), said) for of, number, said in entries if int(of) == outage), None)

    def _menu(self) -> Path:
        return self._folder / "by-company" / self._did / "menu.alaw"

    def _numbers(self) -> Path:
        return self._folder / "numbers" / self._phrases.name

    def _read(self, path: Path) -> bytes:
        if str(path) not in self._sounds:
            self._sounds[str(path)] = path.read_bytes()
        return self._sounds[str(path)]


@cache
def spoken_parts(number: int) -> tuple[str, ...]:
    """The files that say a number, as `[spoken]` of the dialplan joins them."""
    text = str(number)
    if len(text) <= 4:
        thousands, rest = divmod(number, 1000)
        return (*((f"thousand-{thousands}",) if thousands else ()), *((str(rest),) if rest else ()))
    first = (len(text) - 1) % 3 + 1
    parts = [text[:first]]
    for at in range(first, len(text), 3):
        parts += ["pause", text[at : at + 3]]
    return tuple(parts)
