"""The time of day as it passes for a process."""

import time
from datetime import timedelta

import pytest

from preview.core import clock
from preview.core.clock import SteadyClock, now


@pytest.mark.parametrize("jump", [timedelta(days=2), timedelta(days=-2)])
def test_steady_clock_ignores_a_jump_of_the_system_clock(monkeypatch: pytest.MonkeyPatch, jump: timedelta) -> None:
    steady = SteadyClock()
    real = now
    before = real()
    monkeypatch.setattr(clock, "now", lambda: real() + jump)
    assert abs(steady.now() - before) < timedelta(minutes=5)


def test_steady_clock_goes_on() -> None:
    steady = SteadyClock()
    first = steady.now()
    started = time.monotonic()
    while time.monotonic() - started < 0.01:
        pass
    assert steady.now() > first
