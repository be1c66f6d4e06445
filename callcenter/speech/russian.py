"""Russian."""

from datetime import date, datetime, timedelta

from callcenter.speech import russian_reading
from callcenter.speech.russian_numbers import cardinal, counted, day_and_month, time_of_day, whole_date
from callcenter.speech.words import DAY, FAR, Case, Noun, Words, last_day


class Russian(Words):
    """Times are in the genitive, which follows "с" and "до"."""

    def number(self, number: int) -> str:
        return cardinal(number)

    def count(self, number: int, noun: Noun, case: Case = Case.NOMINATIVE) -> str:
        return counted(number, noun, case)

    def flat(self, name: str) -> str:
        spoken = self.read(name)
        return spoken if spoken.startswith(("квартира ", "помещение ", "нежилое ", "офис ")) else f"квартира {spoken}"

    def entrance(self, number: int) -> str:
        return f"подъезд {cardinal(number)}"

    def house(self, building: str) -> str:
        spoken = self.read(building)
        return spoken if spoken.startswith(("дом ", "владение ", "строение ", "корпус ")) else f"дом {spoken}"

    def street(self, name: str) -> str:
        return russian_reading.read_street(name)

    def day(self, day: date) -> str:
        return day_and_month(day.day, day.month)

    def since(self, moment: datetime, now: datetime) -> str:
        time = f"с {time_of_day(moment.hour, moment.minute, Case.GENITIVE)}"
        if moment.date() == now.date() - DAY:
            return f"{time} вчерашнего дня"
        if moment.date() == now.date() + DAY:
            return f"{time} завтрашнего дня"
        return f"{time}{self._on(moment.date(), now)}"

    def until(self, moment: datetime, now: datetime) -> str:
        day = last_day(moment)
        hour = moment.hour if day == moment.date() else 24
        time = f"до {time_of_day(hour, moment.minute, Case.GENITIVE)}"
        return f"{time} завтра" if day == now.date() + DAY else f"{time}{self._on(day, now)}"

    def period(self, begin: datetime, end: datetime, now: datetime) -> str:
        same_day = begin.date() == last_day(end)
        return f"{self.since(begin, begin if same_day else now)} {self.until(end, now)}"

    def _on(self, day: date, now: datetime) -> str:
        away: timedelta = abs(day - now.date())
        return "" if not away else f" {whole_date(day) if away > FAR else self.day(day)}"

    def read(self, text: str) -> str:
        return russian_reading.read(text)
