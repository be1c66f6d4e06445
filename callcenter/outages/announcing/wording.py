"""What callers hear of an outage, in sentences to be spoken. Pure; times are shown in the company's zone."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from callcenter.domain.outage import OFF, OutageState
from callcenter.outages.outage import Outage, PlaceView

OPTIONS = 9
"""Addresses that can be chosen by one digit."""
NAMED_HOUSES = 5
"""Addresses named when the whole outage is told; further ones are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageFacts:
    """What is said of an outage. `said`: what is off, as a phrase: `нет холодной воды`."""

    language: str
    said: str
    planned: bool
    since: datetime
    until: datetime | None
    cause: str
    workers: str
    message: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Speech:
    """What is heard: sentences to be spoken, or what somebody recorded. The same text has the same name."""

    sentences: tuple[str, ...]
    language: str
    recording: str = ""
    """The name of the recorded sound (`recording.name_of`); then there are no sentences."""

    @property
    def name(self) -> str:
        """16 hexadecimal digits."""
        return self.recording or hashlib.sha256("\n".join((self.language, *self.sentences)).encode()).hexdigest()[:16]


def announcement(outage: Outage, places: Sequence[PlaceView], now: datetime) -> Speech:
    """What somebody who lives at one of these places hears of the outage at `now`."""
    if outage.recording:
        return Speech((), outage.language, outage.recording)
    return Speech(tuple(sentences(facts_of(outage), [place.said for place in places], now)), outage.language)


def is_told(outage: Outage) -> bool:
    """Whether callers are told of it, or would be, once it is confirmed."""
    told = outage.state in OFF or outage.state is OutageState.SUSPECTED
    return told and outage.kind is not None and bool(outage.places)


def facts_of(outage: Outage) -> OutageFacts:
    """What is said of this outage."""
    return OutageFacts(
        language=outage.language,
        said=outage.said,
        planned=outage.planned,
        since=outage.since,
        until=outage.until,
        cause=outage.cause,
        workers=outage.workers,
        message=outage.message,
        zone=ZoneInfo(outage.zone),
    )


def sentences(facts: OutageFacts, addresses: list[str], now: datetime) -> list[str]:
    """What somebody who lives there hears; the ticket's number comes after it."""
    words = _RUSSIAN if facts.language == "ru" else _ENGLISH
    named = "; ".join(addresses[:NAMED_HOUSES])
    more = words["more"] if len(addresses) > NAMED_HOUSES else ""
    where = words["where"].format(addresses=named) + more
    since = words["since"].format(moment=_moment(facts.since, now, facts))
    told = [words["planned"] if facts.planned else "", f"{where}: {facts.said} {since}."]
    if facts.cause:
        told.append(words["cause"].format(cause=_sentence(facts.cause)))
    told.append(_sentence(facts.workers) if facts.workers else "" if facts.planned else words["at work"])
    late = facts.until is not None and facts.until <= now
    if facts.until is None or late:
        told.append(words["later" if late else "no end"])
    else:
        told.append(words["until"].format(moment=_moment(facts.until, now, facts)))
    told.append(_sentence(facts.message) if facts.message else "")
    return [sentence for sentence in told if sentence]


def choice(addresses: list[str], language: str) -> list[str]:
    """What somebody hears whom nobody knows: which digit is which address."""
    words = _RUSSIAN if language == "ru" else _ENGLISH
    options = [words["option"].format(address=address, digit=digit) for digit, address in enumerate(addresses, 1)]
    return [words["choose"], *options[:OPTIONS], words["operator"]]


def _moment(at: datetime, now: datetime, facts: OutageFacts) -> str:
    local, today = at.astimezone(facts.zone), now.astimezone(facts.zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if facts.language == "ru":
        return f"{local:%H:%M} {local.day} {_MONTHS[local.month - 1]}"
    return f"{local:%H:%M} on {local:%B} {local.day}"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


_MONTHS = ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"]  # fmt: skip

_RUSSIAN = {
    "planned": "Плановые работы.",
    "where": "По адресу {addresses}",
    "more": " и ещё по другим адресам",
    "since": "с {moment}",
    "cause": "Причина: {cause}",
    "at work": "Специалисты уже работают.",
    "until": "Ожидаем восстановления в {moment}.",
    "no end": "Когда восстановим, пока неизвестно.",
    "later": "Работы идут дольше, чем ожидали.",
    "choose": "Сейчас есть отключения. Если вы звоните по одному из этих адресов, нажмите цифру.",
    "option": "{address}: нажмите {digit}.",
    "operator": "Чтобы соединиться с оператором, нажмите 0.",
}
_ENGLISH = {
    "planned": "Planned works.",
    "where": "At {addresses}",
    "more": " and more houses",
    "since": "since {moment}",
    "cause": "The cause: {cause}",
    "at work": "Our people are at work.",
    "until": "We expect it back at {moment}.",
    "no end": "We do not know yet when it will be back.",
    "later": "It takes longer than expected.",
    "choose": "If you call from one of these addresses, press its digit.",
    "option": "{address}: press {digit}.",
    "operator": "For an operator press 0.",
}
