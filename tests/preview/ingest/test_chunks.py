"""Tests of the chunks of a batch: what one transaction imports is bounded, and nothing is lost between two."""

from typing import Any

import msgspec
import pytest

from preview.ingest.chunks import (
    LARGE_CASE_ROWS,
    MAX_CHUNK_ROWS,
    MAX_NEW_AVGIVERE,
    AdaptiveBatchSize,
    split_into_chunks,
)
from preview.model.case_records import AnnualFile, CaseFolder, Melding
from preview.model.findings import FindingCode
from preview.parsing.messages import Batch
from tests.builders.case_records import case_folder

MELDING = Melding("2024-01-01", None, None, "2024-01-08")


def folder(step: int, *, file: int | None = None, rows: int = 1, organization: str = "") -> CaseFolder:
    """Return a case file that takes that many rows, its own included."""
    made = case_folder(step, f"{step}", 1)
    assert made.content is not None
    content = msgspec.structs.replace(made.content, meldinger=[MELDING] * (rows - 1))
    avgiver = made.avgiver
    if organization:
        avgiver = msgspec.structs.replace(avgiver, organisasjonsnummer=organization)
    return msgspec.structs.replace(made, file=file or step, content=content, avgiver=avgiver)


def chunks_of(batch: Batch, size: int = 200, **options: Any) -> list[Batch]:
    """Return the chunks; the last one is marked as such, and no other."""
    chunks = list(split_into_chunks(batch, lambda: size, **options))
    assert [is_last for _, is_last in chunks] == [False] * (len(chunks) - 1) + [True]
    return [chunk for chunk, _ in chunks]


@pytest.mark.parametrize(
    ("seconds", "folders"), [(1.0, 20), (0.075, 20), (0.03, 50), (0.015, 100), (0.001, 200), (0.0, 200)]
)
def test_batch_size_stays_within_its_bounds(seconds: float, folders: int) -> None:
    assert AdaptiveBatchSize().after(100, seconds).folders == folders


def test_batch_size_is_minimum_before_first_measurement() -> None:
    assert AdaptiveBatchSize().folders == AdaptiveBatchSize().after(0, 1.0).folders == 20


def test_chunks_follow_size_at_time_of_request() -> None:
    sizes = iter([1, 3, 3])
    batch = Batch(files=5, folders=[folder(step) for step in range(1, 6)])
    chunks = split_into_chunks(batch, lambda: next(sizes))
    assert [(len(chunk.folders), is_last) for chunk, is_last in chunks] == [(1, False), (3, False), (1, True)]


def test_batch_is_divided_without_loss() -> None:
    """Also within a file, whose findings and number come with its last case."""
    folders = [folder(step, file=file) for step, file in enumerate((1, 2, 2, 2, 4, 5), start=1)]
    findings = [FindingCode.BYTE_ORDER_MARK.finding(file, 1) for file in (1, 2, 3, 5, 6)]
    batch = Batch("v4", files=6, refused_files=2, bytes_read=9, total_bytes=9, folders=folders, findings=findings)
    parts = chunks_of(batch, 2)
    assert [[each.file for each in part.folders] for part in parts] == [[1, 2], [2, 2], [4, 5]]
    assert [part.files for part in parts] == [1, 2, 6]
    assert [[finding.file for finding in part.findings] for part in parts] == [[1], [2], [3, 5, 6]]
    assert [(part.format, part.refused_files, part.progress) for part in parts] == [
        ("v4", 0, 0.0),
        ("v4", 0, 0.0),
        ("v4", 2, 1.0),
    ]


def test_annual_file_is_a_chunk_of_its_own_in_order_of_files() -> None:
    annual_files = [AnnualFile(file, 1, "999999999", 2024, 0, []) for file in (2, 5)]
    batch = Batch(files=5, folders=[folder(step) for step in (1, 3, 4)], annual_files=annual_files)
    parts = chunks_of(batch)
    assert [([each.file for each in part.folders], [each.file for each in part.annual_files]) for part in parts] == [
        ([1], []),
        ([], [2]),
        ([3, 4], []),
        ([], [5]),
    ]
    assert [part.files for part in parts] == [1, 2, 4, 5]


def test_batch_without_cases_is_one_chunk() -> None:
    assert [part.files for part in chunks_of(Batch(files=3, refused_files=3))] == [3]


def test_rows_of_a_chunk_are_bounded() -> None:
    rows = LARGE_CASE_ROWS - 1
    parts = chunks_of(Batch(files=9, folders=[folder(step, rows=rows) for step in range(1, 10)]))
    assert [len(part.folders) for part in parts] == [MAX_CHUNK_ROWS // rows] * 4 + [1]


def test_large_case_is_the_only_one_of_its_chunk() -> None:
    folders = [folder(step, rows=LARGE_CASE_ROWS + 1 if step == 2 else 1) for step in range(1, 5)]
    assert [len(part.folders) for part in chunks_of(Batch(files=4, folders=folders))] == [1, 1, 2]


def test_new_organizations_of_a_chunk_are_bounded() -> None:
    folders = [folder(step, organization=f"{step:09d}") for step in range(1, 2 * MAX_NEW_AVGIVERE + 1)]
    batch = Batch(files=len(folders), folders=folders)
    assert [len(part.folders) for part in chunks_of(batch)] == [MAX_NEW_AVGIVERE] * 2
    known = {(each.avgiver.organisasjonsnummer, each.avgiver.bydelsnummer) for each in folders}
    assert [len(part.folders) for part in chunks_of(batch, known_avgivere=lambda: known)] == [len(folders)]
