"""What is off, told by a real Asterisk with nothing else running: no service, no database."""

import math
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydub.utils import audioop

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import PHRASES, AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller, place_of
from tests.e2e.manager import Manager
from tests.speech import test_ticket_numbers

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NUMBER = "74951234567"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=(("op-01", "first-secret"),))
SPELLER = "7777777"
KNOWN, NEIGHBOUR = "+79161234567", "+79161234568"
SAID_S, NUMBER_S = 2.0, 1.0


def sound(seed: int, seconds: float) -> bytes:
    """Noise as A-law: found again in what a caller heard."""
    return random.Random(seed).randbytes(int(seconds * 8000))


# A fax machine's calling tone: half a second of 1100 Hz, loud, as 16-bit samples made A-law.
CNG = audioop.lin2alaw(
    struct.pack("<4000h", *(round(9000 * math.sin(at * 2 * math.pi * 1100 / 8000)) for at in range(4000))), 2
)
SAID, MENU = sound(1, SAID_S), sound(2, 0.6)
NUMBERS = {name: sound(place, NUMBER_S / 2) for place, name in enumerate(("41", "900", "901", "thousand-1"), 10)}


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    home = tmp_path_factory.mktemp("asterisk")
    with asterisk(home, DIRECTORY, change=speller, ring_s=3, max_wait_s=30, music_up_to=100) as instance:
        folder = home / "spool" / "callcenter" / "announcements"
        put(folder / "said" / "abc.alaw", SAID)
        for name, spoken in NUMBERS.items():
            put(folder / "numbers" / "ru" / f"{name}.alaw", spoken)
        put(folder / "by-number" / NUMBER / KNOWN, b"17-1041-abc")
        for flat in ("11", "012"):
            put(folder / "by-flat" / "17" / "5" / flat, b"17-1041-abc")
        put(folder / "by-company" / NUMBER / "options", b"17-5-1900-1902-abc")
        put(folder / "by-company" / NUMBER / "alone", b"17-5-1900-1902-abc")
        put(folder / "by-company" / NUMBER / "menu.alaw", MENU)
        yield instance


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture(autouse=True)
def _no_complaints(pbx: AsteriskInstance) -> Iterator[None]:
    before = len(pbx.complaints())
    yield
    assert pbx.complaints()[before:] == []


@pytest.fixture
def said(pbx: AsteriskInstance) -> "Ledger":
    return Ledger(pbx)


class Ledger:
    """The robot's lines since this was made."""

    def __init__(self, pbx: AsteriskInstance) -> None:
        self._pbx, self._start = pbx, len(pbx.ledger())

    def of(self, kind: str) -> list[list[str]]:
        """The data of each line of this kind."""
        return [line[5:] for line in self._pbx.ledger()[self._start :] if line[4] == kind]

    def until(self, kind: str, timeout_s: float = 20) -> list[list[str]]:
        wait_for(lambda: self.of(kind), f"{kind} in the ledger", timeout_s)
        return self.of(kind)


def call(pbx: AsteriskInstance, number: str) -> Caller:
    return Caller(pbx.settings.asterisk.sip_port, NUMBER.encode(), f"<sip:{number}@127.0.0.2>".encode())


def hear_menu(caller: Caller) -> None:
    """Until the question for the address begins: a key pressed before it is lost."""
    heard = bytearray()

    def begun() -> bool:
        heard.extend(caller.listen(0.1))
        return place_of(MENU[:800], bytes(heard)) is not None

    wait_for(begun, "the question for the address", 10)


def test_a_known_caller_hears_the_outage_and_the_ticket_from_the_first_byte_to_the_last(
    pbx: AsteriskInstance, said: Ledger
) -> None:
    with call(pbx, KNOWN) as caller:
        assert caller.invite() == 200
        heard = caller.listen(7)
        number = NUMBERS["thousand-1"] + NUMBERS["41"]
        said_at, first_at = place_of(SAID, heard), place_of(number, heard)
        assert said_at is not None
        assert first_at is not None
        second_at = place_of(number, heard[first_at + len(number) :])
        assert said_at < first_at
        assert second_at is not None
        caller.hang_up()
    said.until("ENDED")
    [announced], [whole] = said.of("ANNOUNCED"), said.of("HEARD")
    assert announced[1:] == ["17", "1041"]
    assert whole[1:] == ["17", "1041", announced[0], "1"]
    length = SAID_S + 2 * NUMBER_S + PHRASES["ticket-number"] + PHRASES["repeat"]
    assert length - 0.1 < float(whole[0]) - float(announced[0]) < length + 2
    assert [line[1:] for line in said.of("TOLD")] == [[""]]
    assert said.of("ENTERQUEUE") == []


def test_whoever_hangs_up_in_the_middle_has_heard_only_a_part(pbx: AsteriskInstance, said: Ledger) -> None:
    with call(pbx, KNOWN) as caller:
        assert caller.invite() == 200
        said.until("ANNOUNCED")
        caller.listen(0.6)
    said.until("ENDED")
    [announced], [heard] = said.of("ANNOUNCED"), said.of("HEARD")
    assert heard[1:] == ["17", "1041", announced[0], "0"]
    assert 0.4 < float(heard[0]) - float(announced[0]) < SAID_S


def test_whoever_has_something_else_is_queued_at_once(pbx: AsteriskInstance, said: Ledger) -> None:
    with call(pbx, KNOWN) as caller:
        assert caller.invite() == 200
        said.until("ANNOUNCED")
        caller.listen(0.5)
        # Nor is 2 of use, as long as nobody is called back.
        for key in "72":
            caller.press(key)
            caller.listen(0.3)
        assert said.of("HEARD") == []
        caller.press("1")
        said.until("ENTERQUEUE", 2)
    said.until("ENDED")
    assert [line[4] for line in said.of("HEARD")] == ["0"]
    assert [line[1] for line in said.of("TOLD")] == ["1"]


def test_whoever_has_something_else_keeps_the_place_of_the_arrival(pbx: AsteriskInstance, said: Ledger) -> None:
    choice = pbx.home / "spool" / "callcenter" / "announcements" / "by-company"
    choice.rename(choice.with_name("away"))
    try:
        with call(pbx, KNOWN) as first, call(pbx, "+79160000079") as later, pbx.actions() as manager:
            assert first.invite() == 200
            said.until("ANNOUNCED")
            assert later.invite() == 200
            said.until("ENTERQUEUE")
            first.press("1")
            wait_for(lambda: len(said.of("ENTERQUEUE")) == 2, "both wait")
            assert [(entry["Position"], entry["CallerIDNum"]) for entry in waiting(manager)] == [
                ("1", KNOWN), ("2", "+79160000079"),
            ]  # fmt: skip
    finally:
        choice.with_name("away").rename(choice)
    wait_for(lambda: len(said.of("ENDED")) == 2, "both ended")


def test_three_says_it_again_and_silence_once_more_and_then_the_queue(pbx: AsteriskInstance, said: Ledger) -> None:
    with call(pbx, KNOWN) as caller:
        assert caller.invite() == 200
        said.until("HEARD")
        caller.press("3")
        wait_for(lambda: len(said.of("HEARD")) == 2, "heard again", 8)
        said.until("ENTERQUEUE", 20)
    said.until("ENDED")
    assert [line[4] for line in said.of("HEARD")] == ["1", "1", "1"]
    assert [line[1] for line in said.of("TOLD")] == ["3"]


def test_somebody_unknown_hears_the_only_outage_with_a_number_that_stays_theirs(
    pbx: AsteriskInstance, said: Ledger
) -> None:
    for times in (1, 2):
        with call(pbx, NEIGHBOUR) as caller:
            assert caller.invite() == 200
            wait_for(lambda: len(said.of("HEARD")) == times, "heard", 15)  # noqa: B023
    wait_for(lambda: len(said.of("ENDED")) == 2, "both ended")
    assert [line[2] for line in said.of("ANNOUNCED")] == ["1900", "1900"]
    with call(pbx, "anonymous") as caller:
        assert caller.invite() == 200
        wait_for(lambda: len(said.of("ANNOUNCED")) == 3, "a withheld number's announcement", 10)
    assert said.of("ANNOUNCED")[2][2] == "1901"
    wait_for(lambda: len(said.of("ENDED")) == 3, "all ended")


def test_an_unknown_caller_chooses_the_address_and_keys_in_the_flat(pbx: AsteriskInstance, said: Ledger) -> None:
    with call(pbx, "+79169990000") as caller:
        assert caller.invite() == 200
        hear_menu(caller)
        for key in "111#":
            caller.press(key)
            caller.listen(0.4)
        said.until("ANNOUNCED")
    said.until("ENDED")
    assert said.of("ANNOUNCED")[0][1:] == ["17", "1041"]
    # Of a flat that ends with 1 nobody must think that the caller has something else.
    assert said.of("TOLD")[0][1] == "1*11#"


@pytest.mark.parametrize(
    ("keys", "flat"),
    [("10#", "0"), ("19999#", "9999"), ("1#", ""), ("1**#", ""), ("1" + "7" * 40, "7777")],
    ids=["nought", "too-high", "nothing", "stars", "forty-digits"],
)
def test_a_flat_that_is_none_gets_a_number_for_a_flat_that_is_not_known(
    pbx: AsteriskInstance, said: Ledger, keys: str, flat: str
) -> None:
    with call(pbx, NEIGHBOUR) as caller:
        assert caller.invite() == 200
        hear_menu(caller)
        for key in keys:
            caller.press(key)
            caller.listen(0.1)
        said.until("ANNOUNCED")
    said.until("ENDED")
    assert said.of("ANNOUNCED")[0][1:] in (["17", "1900"], ["17", "1901"])
    assert said.of("TOLD")[0][1].startswith(f"1*{flat}#*")
    assert len(said.of("TOLD")) == 1


def test_a_fax_machine_that_dials_on_ends_in_the_queue_and_is_not_dropped(pbx: AsteriskInstance, said: Ledger) -> None:
    """It repeats the digits that mean something here, among others, and whistles."""
    with call(pbx, KNOWN) as caller:
        assert caller.invite() == 200
        said.until("ANNOUNCED")
        caller.speak(CNG)
        for key in "333*5#80" * 3:
            caller.press(key)
            caller.listen(0.15)
        said.until("ENTERQUEUE", 20)
    said.until("ENDED")
    assert [line[1] for line in said.of("TOLD")] == ["333333"]


def test_an_outage_that_ends_is_heard_to_its_end_and_the_next_caller_is_queued(
    pbx: AsteriskInstance, said: Ledger
) -> None:
    folder = pbx.home / "spool" / "callcenter" / "announcements"
    ended = [folder / "by-number" / NUMBER / KNOWN, folder / "by-company" / NUMBER]
    with call(pbx, KNOWN) as caller, call(pbx, KNOWN) as later:
        assert caller.invite() == 200
        said.until("ANNOUNCED")
        for path in ended:
            path.rename(path.with_name("ended"))
        try:
            assert SAID in caller.listen(7)
            assert [line[4] for line in said.of("HEARD")] == ["1"]
            caller.press("3")
            assert SAID in caller.listen(4)
            assert later.invite() == 200
            said.until("ENTERQUEUE", 5)
        finally:
            for path in ended:
                path.with_name("ended").rename(path)
    wait_for(lambda: len(said.of("ENDED")) == 2, "both ended")
    assert len(said.of("TOLD")) == 1


def test_whoever_keyed_the_flat_in_may_hear_it_again_too(pbx: AsteriskInstance, said: Ledger) -> None:
    with call(pbx, "+79169990001") as caller:
        assert caller.invite() == 200
        hear_menu(caller)
        for key in "1012#":
            caller.press(key)
            caller.listen(0.4)
        for times in (1, 2):
            wait_for(lambda: len(said.of("ANNOUNCED")) == times, "announced", 8)  # noqa: B023
            caller.press("3")
        wait_for(lambda: len(said.of("HEARD")) == 3, "heard to the end", 12)
    said.until("ENDED")
    assert [line[4] for line in said.of("HEARD")] == ["0", "0", "1"]
    assert (said.of("TOLD")[0][1], said.of("ENTERQUEUE")) == ("1*012#33", [])


def test_when_the_reserved_numbers_are_used_up_the_caller_is_queued(pbx: AsteriskInstance, said: Ledger) -> None:
    with call(pbx, "anonymous") as caller:
        assert caller.invite() == 200
        said.until("ENTERQUEUE", 12)
    said.until("ENDED")
    assert said.of("ANNOUNCED") == []


def test_strangers_to_an_outage_that_grew_get_numbers_of_the_new_range_and_keep_the_old_ones(
    pbx: AsteriskInstance, said: Ledger
) -> None:
    folder = pbx.home / "spool" / "callcenter" / "announcements" / "by-company" / NUMBER
    before = {name: (folder / name).read_bytes() for name in ("options", "alone")}

    def told(caller_id: str, reserved: bytes) -> str:
        for name in before:
            put(folder / name, b"18-5-%b-abc" % reserved)
        count = len(said.of("ANNOUNCED"))
        with call(pbx, caller_id) as caller:
            assert caller.invite() == 200
            wait_for(lambda: len(said.of("ANNOUNCED")) > count, "announced", 15)
        return said.of("ANNOUNCED")[-1][2]

    try:
        assert [told(f"+7916999000{last}", b"1900-1910") for last in (1, 2)] == ["1900", "1901"]
        assert [told(f"+7916999000{last}", b"2500-2510") for last in (3, 1, 4)] == ["2500", "1900", "2501"]
    finally:
        for name, content in before.items():
            put(folder / name, content)
    wait_for(lambda: len(said.of("ENDED")) == 5, "all ended")


def test_whoever_waits_already_is_told_and_stays_in_front_of_those_who_came_later(
    pbx: AsteriskInstance, said: Ledger
) -> None:
    own = pbx.home / "spool" / "callcenter" / "announcements" / "by-number" / NUMBER / "+79160000077"
    choice = pbx.home / "spool" / "callcenter" / "announcements" / "by-company"
    choice.rename(choice.with_name("away"))
    with call(pbx, "+79160000077") as first, call(pbx, "+79160000078") as second, pbx.actions() as manager:
        assert first.invite() == 200
        said.until("ENTERQUEUE")
        assert second.invite() == 200
        wait_for(lambda: len(said.of("ENTERQUEUE")) == 2, "both wait")
        put(own, b"17-1041-abc")
        channel = waiting(manager)[0]["Channel"]
        assert manager.act("QueueWithdrawCaller", Queue=OPERATORS, Caller=channel)["Response"] == "Success"
        said.until("WITHDRAWN")
        said.until("ANNOUNCED")
        first.listen(0.5)
        first.press("1")
        wait_for(lambda: len(said.of("ENTERQUEUE")) == 3, "the first one waits again")
        assert [(entry["Position"], entry["CallerIDNum"]) for entry in waiting(manager)] == [
            ("1", "+79160000077"), ("2", "+79160000078"),
        ]  # fmt: skip
    own.unlink()
    choice.with_name("away").rename(choice)
    wait_for(lambda: len(said.of("ENDED")) == 2, "both ended")
    assert len(said.of("ABANDON")) == 2


def waiting(manager: Manager) -> list[dict[str, str]]:
    """Who waits, in order."""
    before = len(manager.seen)
    manager.act("QueueStatus", Queue=OPERATORS)
    manager.wait_event("QueueStatusComplete")
    return [message for message in manager.seen[before:] if message.get("Event") == "QueueEntry"]


def test_a_number_is_said_as_one_or_in_groups_with_their_zeros(pbx: AsteriskInstance) -> None:
    """By the dialplan's own arithmetic."""
    for number, parts in test_ticket_numbers.SAID.items():
        assert spoken(pbx, str(number)) == parts.split()


def spoken(pbx: AsteriskInstance, number: str) -> list[str]:
    """What the context `spoken` makes of it: asked by a call to SPELLER and the number."""
    with Caller(pbx.settings.asterisk.sip_port, f"{SPELLER}{number}".encode()) as caller:
        assert caller.invite() == 200
    path = pbx.home / "spool" / "callcenter" / f"spoken-{number}"
    wait_for(path.exists, "the answer")
    return [part.rsplit("/", 1)[1] for part in path.read_text().strip().split("&")[1:]]


def speller(etc: Path) -> None:
    """A number for the tests alone, at which the dialplan writes down how it would say what was dialled after it."""
    with open(etc / "extensions.conf", "a") as file:
        file.write(
            f"\n[numbers](+)\nexten => _d{SPELLER}X!,1,Gosub(spoken,s,1(${{EXTEN:{len(SPELLER) + 1}}}))\n"
            f" same => n,Set(FILE(/var/spool/asterisk/callcenter/spoken-${{EXTEN:{len(SPELLER) + 1}}})=${{SPOKEN}})\n"
            " same => n,Answer()\n"
        )
