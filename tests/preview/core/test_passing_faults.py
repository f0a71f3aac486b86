"""Which errors pass, how long a step waits, and what is logged."""

import errno
import logging
from itertools import islice

import pytest

from preview.core.errors import InsufficientStorage, NotFound, Unavailable
from preview.core.passing_faults import PassingFaults, as_passing, pauses


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_full_disk_is_insufficient_storage(number: int) -> None:
    fault = as_passing(OSError(number, "x", "/secret/name"))
    assert isinstance(fault, InsufficientStorage)
    assert "secret" not in fault.detail


def test_other_os_errors_are_unavailable() -> None:
    fault = as_passing(OSError(errno.EIO, "Input/output error", "/secret/name"))
    assert type(fault) is Unavailable
    assert "Input/output error" in fault.detail
    assert "secret" not in fault.detail


@pytest.mark.parametrize("error", [ValueError("x"), NotFound("x"), KeyError("x"), MemoryError()])
def test_errors_of_the_program_do_not_pass(error: BaseException) -> None:
    assert as_passing(error) is None


def test_pauses_grow_to_a_bound() -> None:
    found = list(islice(pauses(), 10))
    assert found == sorted(found)
    assert found[-1] <= 2.0


def test_fault_is_logged_once_for_each_cause_and_when_it_passes(caplog: pytest.LogCaptureFixture) -> None:
    faults = PassingFaults()
    step = faults.step("deliveries")
    with caplog.at_level(logging.WARNING):
        waits = [step.failed(Unavailable("The store is busy.")) for _ in range(3)]
        step.failed(InsufficientStorage("The disk is full."))
        assert faults.causes() == ["deliveries waits: The disk is full."]
        step.succeeded()
        step.succeeded()
    assert waits == sorted(waits)
    assert waits[0] < waits[-1]
    assert [record.getMessage() for record in caplog.records] == [
        "deliveries fails and is tried again: The store is busy.",
        "deliveries fails and is tried again: The disk is full.",
        "deliveries works again",
    ]
    assert faults.causes() == []
    assert faults.step("deliveries") is step
    assert step.failed(Unavailable("x")) == waits[0]
