"""Breaks files the way a fuzzer does: bytes turned, struck out, doubled, swapped with another file's, and what parsers stumble over."""

import random
from collections.abc import Callable

Mutation = Callable[[bytes, bytes, random.Random], bytes]

DEEP = 20_000
STUMBLING = (
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>',
    b'<!DOCTYPE a SYSTEM "file:///etc/hostname">',
    b"&c;",
    b"&#0;",
    b"&#x110000;",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"<?xml version='1.1' encoding='UTF-7'?>",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"PK\x03\x04",
    b"<a>" * DEEP,
    b'<Sak Id="' + b"9" * 200_000 + b'">',
    b' Id=""',
    b' StartDato="99999-99-99"',
    b' DatoUttrekk="2024-12-31T23:59:60Z"',
    b' xmlns="urn:a"',
    b"9999999999999999999999999999",
    b"=HYPERLINK()",
    b'"',
    b"\r",
    b",",
)


def mutated(data: bytes, other: bytes, seed: int) -> bytes:
    """`data` after one to six mutations; the same for the same seed."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 6)):
        data = rng.choice(MUTATIONS)(data, other, rng)
    return data


def _span(data: bytes, rng: random.Random, longest: int = 400) -> tuple[int, int]:
    start = rng.randint(0, len(data))
    return start, min(len(data), start + rng.randint(1, longest))


def _turn_bits(data: bytes, _: bytes, rng: random.Random) -> bytes:
    turned = bytearray(data)
    for _turn in range(rng.randint(1, 8) if turned else 0):
        turned[rng.randrange(len(turned))] ^= 1 << rng.randrange(8)
    return bytes(turned)


def _strike_out(data: bytes, _: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + data[end:]


def _double(data: bytes, _: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:end] + data[start:end] * rng.randint(1, 50) + data[end:]


def _cut(data: bytes, _: bytes, rng: random.Random) -> bytes:
    return data[: rng.randint(0, len(data))]


def _splice(data: bytes, other: bytes, rng: random.Random) -> bytes:
    at = rng.randint(0, len(data))
    start, end = _span(other, rng, 2_000)
    return data[:at] + other[start:end] + data[at:]


def _stumble(data: bytes, _: bytes, rng: random.Random) -> bytes:
    at = rng.choice([0, rng.randint(0, len(data)), data.find(b"<Sak") if b"<Sak" in data else 0])
    return data[:at] + rng.choice(STUMBLING) + data[at:]


def _swap_values(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """The values of two attributes change places: well-formed still, and seldom right."""
    parts = data.split(b'"')
    if len(parts) < 5:
        return data
    one, two = (2 * rng.randrange(len(parts) // 2) + 1 for _ in range(2))
    parts[one], parts[two] = parts[two], parts[one]
    return b'"'.join(parts)


MUTATIONS: tuple[Mutation, ...] = (_turn_bits, _strike_out, _double, _cut, _splice, _stumble, _swap_values, _swap_values)
