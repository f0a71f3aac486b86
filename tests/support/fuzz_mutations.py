"""Mutates files like a fuzzer: changes, deletes, repeats and exchanges bytes, inserts input that is hard to parse."""

import random
from collections.abc import Callable

Mutation = Callable[[bytes, bytes, random.Random], bytes]

NESTING_DEPTH = 20_000
TRICKY_FRAGMENTS = (
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
    b"<a>" * NESTING_DEPTH,
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


def mutate(data: bytes, other: bytes, seed: int) -> bytes:
    """Return the data after one to six mutations; equal seeds give equal results."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 6)):
        data = rng.choice(MUTATIONS)(data, other, rng)
    return data


def _span(data: bytes, rng: random.Random, longest: int = 400) -> tuple[int, int]:
    start = rng.randint(0, len(data))
    return start, min(len(data), start + rng.randint(1, longest))


def _flip_bits(data: bytes, _: bytes, rng: random.Random) -> bytes:
    flipped = bytearray(data)
    for _flip in range(rng.randint(1, 8) if flipped else 0):
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def _delete_span(data: bytes, _: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + data[end:]


def _repeat_span(data: bytes, _: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:end] + data[start:end] * rng.randint(1, 50) + data[end:]


def _truncate(data: bytes, _: bytes, rng: random.Random) -> bytes:
    return data[: rng.randint(0, len(data))]


def _splice(data: bytes, other: bytes, rng: random.Random) -> bytes:
    at = rng.randint(0, len(data))
    start, end = _span(other, rng, 2_000)
    return data[:at] + other[start:end] + data[at:]


def _insert_tricky_fragment(data: bytes, _: bytes, rng: random.Random) -> bytes:
    at = rng.choice([0, rng.randint(0, len(data)), data.find(b"<Sak") if b"<Sak" in data else 0])
    return data[:at] + rng.choice(TRICKY_FRAGMENTS) + data[at:]


def _swap_values(data: bytes, _: bytes, rng: random.Random) -> bytes:
    """Exchange the values of two attributes: the file stays well-formed but is seldom valid."""
    parts = data.split(b'"')
    if len(parts) < 5:
        return data
    first, second = (2 * rng.randrange(len(parts) // 2) + 1 for _ in range(2))
    parts[first], parts[second] = parts[second], parts[first]
    return b'"'.join(parts)


MUTATIONS: tuple[Mutation, ...] = (
    _flip_bits,
    _delete_span,
    _repeat_span,
    _truncate,
    _splice,
    _insert_tricky_fragment,
    _swap_values,
    _swap_values,
)
