"""What every language says in words: numbers, times, addresses. Pure: dates and times come in, text goes out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum, auto

DAY = timedelta(days=1)
FAR = timedelta(days=300)
"""A day further away than this is said with its year."""


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
        """A number to write down, up to 9999 as one, longer ones in groups of three digits with a comma between."""
        return ", ".join(" ".join(group) for group in self.ticket_pieces(number))

    def ticket_pieces(self, number: int) -> list[list[str]]:
        """The same as groups of pieces, of which there are few: each can be spoken once and used in every number.

        What is said leads back to one number only.
        """
        digits = str(number)
        if number < 0:
            raise ValueError("a ticket's number is not negative")
        first = len(digits) if len(digits) <= 4 else len(digits) % 3 or 3
        groups = [digits[:first], *(digits[at : at + 3] for at in range(first, len(digits), 3))]
        return [list(digit_pieces(group, self.number)) for group in groups]

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


def digit_pieces(digits: str, number: Callable[[int], str]) -> Iterator[str]:
    """A group of up to four digits by thousands, hundreds and the rest; zeros at its beginning are said."""
    significant = digits.lstrip("0")
    yield from [number(0)] * (len(digits) - len(significant))
    value = int(significant or "0")
    for part in (value // 1000 * 1000, value // 100 % 10 * 100, value % 100):
        if part:
            yield number(part)
