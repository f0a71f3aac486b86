"""Folders as a reader hands them on, for tests of what comes after it."""

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec

from preview.core.clock import instant_text
from preview.model.case_records import Avgiver, Innhold, Mappe, Melding
from preview.parsing.delivery import Batch

AVGIVER = Avgiver("999999999", "0301", "Testkommune", "02", "Testbydel")
START = datetime(2024, 3, 1, tzinfo=UTC)


def digest(name: str) -> bytes:
    """A stand-in for a keyed hash."""
    return hashlib.sha256(name.encode()).digest()


def mappe(step: int, sak: str, content: int | None, migrert: str | None = None) -> Mappe:
    """The folder of case `sak` at `step`, 7 hours after the one before; `content` tells two folders apart, None is a tombstone."""
    innhold = None
    if content is not None:
        meldinger = [Melding(f"2024-{content + 1:02}-10", None, None, f"2024-{content + 1:02}-17") for _ in range(content)]
        innhold = Innhold("2010-03", meldinger, [], [], [], [], [], [], 0)
    encoded = b"" if innhold is None else msgspec.msgpack.encode(innhold)
    uttrekk = instant_text(START + timedelta(hours=7 * step))
    nokler = (digest(sak), digest(migrert) if migrert else None)
    return Mappe(
        1, 1, AVGIVER, "CIS", uttrekk, digest(f"levering {step}"), None, *nokler, innhold, digest(str(encoded)) if encoded else b""
    )


def batch(mapper: list[Mappe]) -> Batch:
    """A batch of a delivery that holds these."""
    return Batch(format="v4", files=1, mapper=mapper)
