"""What the tests' own caller makes of packets."""

import random

from tests.e2e.caller import in_order, place_of

PIECES = [random.Random(seed).randbytes(160) for seed in range(10)]
SOUND = b"".join(PIECES)


def test_numbers_of_packets_that_start_anew_keep_their_order() -> None:
    numbers = [65533, 65535, 65534, 0, 1, 2]
    assert in_order({number: bytes([number % 10]) for number in numbers}) == [bytes([n]) for n in (3, 4, 5, 0, 1, 2)]
    assert in_order({}) == []


def test_a_sound_is_found_when_a_packet_is_missing_and_not_when_half_of_it_is_or_its_order_is_another() -> None:
    assert place_of(SOUND, b"x" * 320 + SOUND) == 320
    assert place_of(SOUND, b"".join(PIECES[:4] + PIECES[5:])) == 0
    assert place_of(SOUND, b"".join(PIECES[:5])) is None
    assert place_of(SOUND, b"".join(reversed(PIECES))) is None
    assert place_of(SOUND, b"") is None
