"""A whole delivery in batches."""

import zipfile
from pathlib import Path

import msgspec
import pytest

from preview.core.errors import NotFound
from preview.model.findings import FindingCode
from preview.model.limits import Limits
from preview.parsing import delivery
from preview.parsing.messages import Batch
from tests.builders.case_xml import OLD_PLAN, folder, melding, plan, uid
from tests.builders.kostra_xml import annual_file, individ
from tests.preview.parsing.parser_helpers import KEY, NOW, parse_single_folder

FIGURES = b"organization_id,period_id,field_key,value\norg-1,2024,antall_arsverk,1\norg-1,2024,antall_arsverk,x\n"
LISTED = b"organization_id,organization_name,organisasjonsnummer,bydelsnummer\norg-1,Navn,999999999,\n"


def parse(path: Path, limits: Limits | None = None) -> list[Batch]:
    return list(delivery.parse_delivery(path, KEY, NOW, limits or Limits()))


def write_files(folder_: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder_ / name).write_bytes(data)
    return folder_


def test_single_case_folder_is_one_batch(tmp_path: Path) -> None:
    data = folder(meldinger=[melding("2024-01-10")])
    (tmp_path / "a.xml").write_bytes(data)
    [batch] = parse(tmp_path / "a.xml")
    assert (batch.format, batch.files, batch.refused_files, batch.bytes_read, batch.total_bytes) == (
        "v4",
        1,
        0,
        len(data),
        len(data),
    )
    assert batch.folders == [parse_single_folder(data)]
    assert batch.progress == 1.0


def test_files_of_several_formats_are_parsed(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "a.csv": LISTED,
            "b.xml": folder(planer=[plan(*OLD_PLAN)]),
            "c.csv": FIGURES,
            "d.txt": b"hello",
            "e.xml": folder(meldinger=[melding(None)]),
        },
    )
    [batch] = parse(tmp_path)
    assert (batch.format, batch.files, batch.refused_files) == ("mixed", 5, 1)
    assert [record.file for record in batch.folders] == [2, 5]
    assert [(figur.file, figur.line) for figur in batch.figures] == [(3, 2)]
    assert [line.file for line in batch.listings] == [1]
    assert [(finding.severity, finding.code, finding.file) for finding in batch.findings] == [
        ("error", "csv_value", 3),
        ("refused", "unknown_format", 4),
        ("error", "no_date", 5),
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (folder(), "v4"),
        (FIGURES, "figures"),
        (LISTED, "organizations"),
        (b"?", None),
        (b"<Barnevern><Individ/></Barnevern>", "15f"),
    ],
)
def test_delivery_format_is_derived_from_its_files(tmp_path: Path, data: bytes, expected: str | None) -> None:
    write_files(tmp_path, {"a": data, "b": data, "c": b"of no known format"})
    [batch] = parse(tmp_path)
    assert batch.format == expected


def test_batches_carry_counts_up_to_their_end(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            f"{number:02}.xml": folder(uid(number), planer=[plan(*OLD_PLAN)]) if number != 3 else b"?"
            for number in range(10)
        },
    )
    batches = parse(tmp_path, Limits(batch_folders=4))
    assert [len(batch.folders) for batch in batches] == [4, 4, 1]
    assert [batch.files for batch in batches] == [5, 9, 10]
    assert [batch.refused_files for batch in batches] == [1, 1, 1]
    assert [len(batch.findings) for batch in batches] == [1, 0, 0]
    assert [record.file for batch in batches for record in batch.folders] == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert {batch.format for batch in batches} == {"v4"}
    progress = [batch.progress for batch in batches]
    assert progress == sorted(progress)
    assert progress[0] < 0.6
    assert progress[-1] == 1.0


def test_annual_file_is_never_split(tmp_path: Path) -> None:
    """Its year is replaced as a whole; small files are in one batch."""
    many, few = annual_file(*[individ() for _ in range(9)]), annual_file(individ(), individ())
    write_files(tmp_path, {"a.xml": few, "b.xml": few, "c.xml": many, "d.xml": folder(), "e.xml": few})
    batches = parse(tmp_path, Limits(batch_folders=4))
    assert [
        [(arsfil_.file, len(arsfil_.parts[0].individer)) for arsfil_ in batch.annual_files] for batch in batches
    ] == [
        [(1, 2), (2, 2)],
        [(3, 9)],
        [(5, 2)],
    ]
    assert [(batch.format, batch.case_count, len(batch.folders)) for batch in batches] == [
        ("15f", 4, 0),
        ("15f", 9, 0),
        ("mixed", 3, 1),
    ]


def test_batch_of_large_files_is_yielded_early(tmp_path: Path) -> None:
    large = folder(meldinger=[melding("2024-01-10")]).replace(b"<Melder", b"<!--" + b"x" * 3_000_000 + b"--><Melder")
    write_files(tmp_path, dict.fromkeys("abcd", large))
    assert [len(batch.folders) for batch in parse(tmp_path)] == [2, 2, 0]


def test_last_batch_may_be_empty_and_marks_end(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.xml": folder(), "b.xml": folder()})
    batches = parse(tmp_path, Limits(batch_folders=2))
    assert [len(batch.folders) for batch in batches] == [2, 0]
    assert batches[-1].bytes_read == batches[-1].total_bytes


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    assert parse(tmp_path) == [Batch(files=1, refused_files=1, findings=[FindingCode.NO_FILE.finding(1)])]
    with pytest.raises(NotFound):
        parse(tmp_path / "nowhere")


def test_zip_parses_like_unpacked_folder(tmp_path: Path) -> None:
    files = {f"{number}.xml": folder(uid(number), delivery_id=uid(100 + number)) for number in range(5)}
    (tmp_path / "folder").mkdir()
    write_files(tmp_path / "folder", files)
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    [zipped], [plain] = parse(tmp_path / "z.zip"), parse(tmp_path / "folder")
    assert zipped.folders == plain.folders
    assert (zipped.format, zipped.files) == ("v4", 5)


def test_several_sak_in_file_stay_together(tmp_path: Path) -> None:
    two = folder().replace(b"</Barnevern>", b'<Sak Id="x" StartDato="2020-01-01"/></Barnevern>')
    write_files(tmp_path, {"a.xml": folder(), "b.xml": two})
    assert [len(batch.folders) for batch in parse(tmp_path, Limits(batch_folders=2))] == [3, 0]


def test_findings_of_one_file_are_capped(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {"a.xml": folder(meldinger=[melding(None) for _ in range(3000)]), "b.xml": folder(meldinger=[melding(None)])},
    )
    [batch] = parse(tmp_path)
    assert [finding.code for finding in batch.findings] == ["no_date"] * 1000 + ["more_findings", "no_date"]
    assert [record.content and record.content.finding_count for record in batch.folders] == [3000, 1]


def test_batch_survives_msgpack_round_trip(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "a.csv": LISTED,
            "b.xml": folder(bydel="02", meldinger=[melding(None), melding("2024-01-10")]),
            "c.csv": FIGURES,
        },
    )
    [batch] = parse(tmp_path)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(batch), type=Batch) == batch


def test_future_uttrekk_is_checked_against_given_clock(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.xml": folder(uttrekk="2025-06-16T12:00:01Z")})
    assert parse(tmp_path)[0].refused_files == 1
    later = next(delivery.parse_delivery(tmp_path, KEY, NOW.replace(second=1), Limits()))
    assert later.refused_files == 0
