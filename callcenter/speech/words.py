"""What every language says in words: numbers, times, addresses. Pure: dates and times come in, text goes out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum, auto

DAY = timedelta(days=1)
FAR = timedelta(days=300)
"""A day further away than this is said with its year."""


THOUSAND = "thousand-"
"""What the name of a part of a number begins with that is whole thousands."""


class Case(StrEnum):
    """The grammatical case of a number with its noun; the values are num2words' own."""

    NOMINATIVE = "n"
    GENITIVE = "g"
    ACCUSATIVE = "a"


class Noun(StrEnum):
    """What is counted."""

    MINUTE = auto()
    HOUR = auto()
    TICKET = auto()
    CALL = auto()
    FLAT = auto()


class Words(ABC):
    """One language. Moments are in the time zone of whoever listens, `moment` and `now` in the same one."""

    @abstractmethod
    def number(self, number: int) -> str:
        """A cardinal number."""

    @abstractmethod
    def count(self, number: int, noun: Noun, case: Case = Case.NOMINATIVE) -> str:
        """A number with its noun: "у вас … одна заявка", "около … пяти минут" (genitive)."""

    def ticket_number(self, number: int) -> str:
        """A number to write down, up to 9999 as one, longer ones in groups of three digits with a comma between.

        What is said leads back to one number only.
        """
        groups = ([piece for part in group for piece in self.part(part)] for group in number_parts(number))
        return ", ".join(" ".join(pieces) for pieces in groups)

    def part(self, name: str) -> list[str]:
        """How a part of a number (`number_parts`) is said, in pieces of which there are few: each is spoken once."""
        if name.startswith(THOUSAND):
            return [self.number(int(name.removeprefix(THOUSAND)) * 1000)]
        return list(digit_pieces(name, self.number))

    @abstractmethod
    def flat(self, name: str) -> str:
        """A flat as the directory names it: `127`, `12а`."""

    @abstractmethod
    def entrance(self, number: int) -> str:
        """An entrance of a house."""

    @abstractmethod
    def house(self, building: str) -> str:
        """A building as the directory names it: `12/5`, `7 корп. 2`, `3А`."""

    @abstractmethod
    def street(self, name: str) -> str:
        """A street as the directory names it: `Мира пр-т`."""

    def address(self, street: str, building: str) -> str:
        """Street and house."""
        return f"{self.street(street)}, {self.house(building)}"

    @abstractmethod
    def day(self, day: date) -> str:
        """The day and the month, as they follow a time."""

    @abstractmethod
    def since(self, moment: datetime, now: datetime) -> str:
        """From when on; the day is said unless it is today."""

    @abstractmethod
    def until(self, moment: datetime, now: datetime) -> str:
        """Until when; midnight is the end of the day before."""

    @abstractmethod
    def period(self, begin: datetime, end: datetime, now: datetime) -> str:
        """From when until when; a day that is the same is said once."""

    @abstractmethod
    def read(self, text: str) -> str:
        """Free text as it is spoken: no digit, abbreviation, symbol or letter of another alphabet is left.

        Letters, spaces and `,.!?` are what remains; empty when there is nothing to say.
        """


def last_day(end: datetime) -> date:
    """The day on which something ends: midnight belongs to the day before."""
    return (end - timedelta(microseconds=1)).date()


def number_parts(number: int) -> list[list[str]]:
    """The parts of a ticket's number in groups with a pause between: `[["thousand-1", "41"]]`, `[["104"], ["007"]]`.

    The dialplan does the same (`[spoken]` in dialplan/outage.conf.j2): parts are the names of its files.
    """
    if number < 0:
        raise ValueError("a ticket's number is not negative")
    digits = str(number)
    if len(digits) <= 4:
        thousands, rest = divmod(number, 1000)
        before = [f"{THOUSAND}{thousands}"] if thousands else []
        return [before + ([str(rest)] if rest or not before else [])]
    first = len(digits) % 3 or 3
    return [[digits[:first]], *([digits[at : at + 3]] for at in range(first, len(digits), 3))]


def digit_pieces(digits: str, number: Callable[[int], str]) -> Iterator[str]:
    """Up to three digits by hundreds and the rest; zeros at the beginning are said."""
    significant = digits.lstrip("0")
    yield from [number(0)] * (len(digits) - len(significant))
    value = int(significant or "0")
    for part in (value // 100 * 100, value % 100):
        if part:
            yield number(part)
