"""What a process can hold: the settings, within the limit of open files."""

import resource
from collections.abc import Generator

import pytest

from preview.core.errors import ConfigurationError
from preview.core.settings import Settings
from preview.runtime.capacity import (
    RESERVED_DESCRIPTORS,
    Capacity,
    descriptor_limit,
    descriptors_needed,
    raise_descriptor_limit,
)


@pytest.fixture
def restored_limit() -> Generator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def descriptors_of(capacity: Capacity) -> int:
    return capacity.connections + capacity.uploads + RESERVED_DESCRIPTORS


@pytest.mark.parametrize("descriptors", [None, 6528, 20_000])
def test_settings_hold_with_enough_descriptors(descriptors: int | None) -> None:
    capacity = Capacity.of(Settings(), descriptors)
    assert capacity == Capacity(4000, 1000, 200, 100, 6200, 500)
    assert capacity.lowered(Settings()) == []
    assert descriptors_needed(Settings()) == descriptors_of(capacity) == 6528


@pytest.mark.parametrize(
    ("settings", "descriptors"),
    [
        (Settings(), 1024),
        (Settings(), 256),
        (Settings(), 160),
        (Settings(max_streams=10, max_sessions=5, max_uploads=2), 512),
        (Settings(max_streams=10), 1024),
        (Settings(max_streams=1, max_sessions=1, max_uploads=1), 256),
        (Settings(max_uploads=10_000), 1024),
    ],
)
def test_capacity_fits_into_few_descriptors(settings: Settings, descriptors: int) -> None:
    capacity = Capacity.of(settings, descriptors)
    assert min(capacity) >= 1
    assert descriptors_of(capacity) <= descriptors
    for effective, wanted in zip(
        capacity, (settings.max_streams, settings.max_sessions, settings.max_uploads), strict=False
    ):
        assert effective <= wanted
    others = capacity.connections - capacity.streams - capacity.sessions - capacity.uploads
    assert others >= (descriptors - RESERVED_DESCRIPTORS) // 4


def test_lowered_limits_are_named() -> None:
    capacity = Capacity.of(Settings(), 1024)
    assert capacity == Capacity(374, 186, 56, 28, 840, 420)
    assert capacity.lowered(Settings()) == [
        "max_streams 374 instead of 4000",
        "max_sessions 186 instead of 1000",
        "max_uploads 56 instead of 200",
    ]


def test_low_settings_are_not_lowered_for_the_others() -> None:
    settings = Settings(max_streams=10, max_sessions=10, max_uploads=200)
    assert Capacity.of(settings, 1024).lowered(settings) == []


@pytest.mark.usefixtures("restored_limit")
def test_soft_limit_is_raised_to_what_the_settings_need() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    settings = Settings(max_streams=1, max_sessions=1, max_uploads=1)
    needed = descriptors_needed(settings)
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip("The system's hard limit is too low.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, soft), hard))
    raise_descriptor_limit(settings)
    assert descriptor_limit() == needed


@pytest.mark.usefixtures("restored_limit")
def test_higher_limit_is_left_alone() -> None:
    before = descriptor_limit()
    raise_descriptor_limit(Settings(max_streams=1, max_sessions=1, max_uploads=1))
    after = descriptor_limit()
    assert after is None or before is None or after >= before


def test_limit_too_low_to_serve_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 100))
    with pytest.raises(ConfigurationError, match="is 100, and the program needs at least 160"):
        raise_descriptor_limit(Settings())
