"""The actor of a request, from a header that a proxy sends in one encoding or another."""

import pytest

from preview.core.actor import MAX_ACTOR_LENGTH, actor_of

NAME = "Åse Sætre"


@pytest.mark.parametrize(
    ("sent", "actor"),
    [
        (NAME.encode(), NAME),
        (NAME.encode("latin-1"), NAME),
        ("Kárášjohka".encode(), "Kárášjohka"),
        (b" kari.n ", "kari.n"),
        ("å".encode() * (MAX_ACTOR_LENGTH + 1), "å" * MAX_ACTOR_LENGTH),
        (b"", "api"),
        (b"  ", "api"),
    ],
)
def test_actor_is_read_as_utf_8_or_latin_1(sent: bytes, actor: str) -> None:
    """A server hands a header over with each byte as a character of Latin-1."""
    assert actor_of({"X-User": sent.decode("latin-1")}, "x-user", "api") == actor


def test_actor_without_setting_or_header_is_the_entry_point() -> None:
    assert actor_of({"X-User": NAME}, None, "dashboard") == "dashboard"
    assert actor_of({}, "X-User", "api") == "api"
