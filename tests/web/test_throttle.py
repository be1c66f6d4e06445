import pytest

from callcenter.web import throttle
from callcenter.web.throttle import Throttle, TooManyRequests


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def allowed(throttle: Throttle, address: str, tries: int) -> int:
    taken = 0
    for _ in range(tries):
        try:
            throttle.take(address)
        except TooManyRequests:
            continue
        taken += 1
    return taken


def test_a_minutes_worth_at_once_and_then_as_time_goes_by():
    clock = Clock()
    limit = Throttle(60, clock)
    assert allowed(limit, "8.8.8.8", 100) == 60
    clock.now = 5.0
    assert allowed(limit, "8.8.8.8", 100) == 5
    clock.now = 3600.0
    assert allowed(limit, "8.8.8.8", 100) == 60


def test_one_address_locks_nobody_else_out():
    limit = Throttle(10, Clock())
    assert allowed(limit, "8.8.8.8", 20) == 10
    assert allowed(limit, "9.9.9.9", 20) == 10


def test_whoever_has_a_whole_network_counts_once():
    limit = Throttle(10, Clock())
    assert sum(allowed(limit, f"2a02:6b8:0:1::{n:x}", 1) for n in range(1, 40)) == 10
    assert allowed(limit, "2a02:6b8:0:2::1", 20) == 10


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "fe80::1%eth0", "", "unix"])
def test_what_may_be_a_proxy_of_ours_is_not_limited(address: str):
    assert allowed(Throttle(1, Clock()), address, 50) == 50


def test_a_crowd_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttle, "MOST_ADDRESSES", 100)
    limit = Throttle(10, Clock())
    for n in range(1000):
        limit.take(f"8.8.{n // 250}.{n % 250}")
    assert len(limit._paid) == 100


def test_the_wait_is_told_in_whole_seconds():
    limit = Throttle(6, Clock())
    allowed(limit, "8.8.8.8", 6)
    with pytest.raises(TooManyRequests) as refused:
        limit.take("8.8.8.8")
    assert refused.value.headers == {"Retry-After": "10"}
