"""Case records as the parser returns them, for tests of the import and what follows it."""

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec

from preview.core.clock import sortable_timestamp
from preview.model.case_records import Avgiver, CaseContent, CaseFolder, Melding
from preview.parsing.messages import Batch

AVGIVER = Avgiver("999999999", "0301", "Testkommune", "02", "Testbydel")
START = datetime(2024, 3, 1, tzinfo=UTC)


def fake_hash(name: str) -> bytes:
    """Return a stand-in for a keyed hash."""
    return hashlib.sha256(name.encode()).digest()


def case_folder(step: int, sak: str, content: int | None, migrated_from: str | None = None) -> CaseFolder:
    """Return the record of case `sak` at `step`, 7 hours after the previous step.

    Records with different `content` differ; None makes a tombstone.
    """
    case_content = None
    if content is not None:
        meldinger = [
            Melding(f"2024-{content + 1:02}-10", None, None, f"2024-{content + 1:02}-17") for _ in range(content)
        ]
        case_content = CaseContent("2010-03", meldinger, [], [], [], [], [], [], 0)
    encoded = b"" if case_content is None else msgspec.msgpack.encode(case_content)
    extract_at = sortable_timestamp(START + timedelta(hours=7 * step))
    keys = (fake_hash(sak), fake_hash(migrated_from) if migrated_from else None)
    return CaseFolder(
        1,
        1,
        AVGIVER,
        "CIS",
        extract_at,
        fake_hash(f"levering {step}"),
        None,
        *keys,
        case_content,
        fake_hash(str(encoded)) if encoded else b"",
    )


def batch(folders: list[CaseFolder]) -> Batch:
    """Return a batch of a delivery that holds these records."""
    return Batch(format="v4", files=1, folders=folders)
