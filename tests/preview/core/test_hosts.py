"""Which `Host` headers are served."""

import pytest

from preview.core.hosts import format_authority, is_served_host, matches_host

ANY_ADDRESS = "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    ("authority", "local_address", "listen_address", "hosts", "expected"),
    [
        ("127.0.0.1:5006", None, "127.0.0.1", (), True),
        ("localhost", None, "127.0.0.1", (), True),
        ("LOCALHOST:1", None, "10.0.0.1", (), True),
        ("[::1]:5006", None, "127.0.0.1", (), True),
        ("[0:0::1]:5006", None, "::1", (), True),
        ("server.example:5006", None, "server.example", (), True),
        ("rebound.example:5006", "127.0.0.1", "127.0.0.1", (), False),
        ("localhost.example", "127.0.0.1", "127.0.0.1", (), False),
        ("127.0.0.1.example", "127.0.0.1", "127.0.0.1", (), False),
        ("", None, "127.0.0.1", (), False),
        ("[", None, "127.0.0.1", (), False),
        ("a.example,127.0.0.1", None, "127.0.0.1", (), False),
        ("10.0.0.5:5006", "10.0.0.5", ANY_ADDRESS, (), True),
        ("10.0.0.6:5006", "10.0.0.5", ANY_ADDRESS, (), False),
        ("[fd00::5]:5006", "fd00:0::5", "::", (), True),
        ("[fe80::5]", "fe80::5%eth0", "::", (), True),
        ("rebound.example", "10.0.0.5", ANY_ADDRESS, (), False),
        ("bufdir.example", None, "127.0.0.1", ("bufdir.example",), True),
        ("rebound.example", None, "127.0.0.1", ("*",), True),
    ],
)
def test_only_own_and_named_hosts_are_served(
    authority: str, local_address: str | None, listen_address: str, hosts: tuple[str, ...], expected: bool
) -> None:
    assert is_served_host(authority, local_address, listen_address, hosts) is expected


@pytest.mark.parametrize(
    ("authority", "pattern", "expected"),
    [
        ("a.example:8443", "a.example", True),
        ("A.example", "a.EXAMPLE", True),
        ("a.example", "a.example:443", True),
        ("a.example", "a.example:8443", False),
        ("a.example:8443", "a.example:8443", True),
        ("a.example:8444", "a.example:8443", False),
        ("a.example:8444", "a.example:*", True),
        ("x.a.example", "*.a.example", True),
        ("a.example", "*.a.example", False),
        ("[fd00::1]:80", "[fd00::1]", True),
    ],
)
def test_pattern_matches_host_and_port(authority: str, pattern: str, expected: bool) -> None:
    assert matches_host(authority, (pattern,)) is expected


def test_ipv6_address_has_brackets_in_a_url() -> None:
    assert format_authority("::1", 5006) == "[::1]:5006"
    assert format_authority("127.0.0.1", 5006) == "127.0.0.1:5006"
