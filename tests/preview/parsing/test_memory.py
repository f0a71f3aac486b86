"""A ZIP archive of 300 MB is parsed in constant memory, and a large 15F file in little. Slow, as they must be made."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from preview.model.limits import Limits
from preview.parsing.messages import Batch
from preview.parsing.process_client import ParserProcess
from tests.builders import kostra_xml
from tests.builders.case_xml import folder, melding, tiltak, uid
from tests.preview.parsing.parser_helpers import KEY, NOW
from tests.support.process_inspection import child_pids

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("files", "padding"), [(220_000, 600), (120, 2_500_000)])
def test_300_mb_zip_is_parsed_within_200_mb_of_memory(tmp_path: Path, files: int, padding: int) -> None:
    path = tmp_path / "z.zip"
    case: dict[str, Any] = {
        "meldinger": [melding("2024-01-10", "2024-01-12")],
        "tiltak": [tiltak("2024-02-01", tilsyn=["2024-03-01"])],
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for number in range(files):
            comment = f"<!--{os.urandom(padding).hex()}-->".encode()  # deflates to about `padding` bytes
            made.writestr(f"{uid(number)}.xml", folder(uid(number), **case).replace(b"<Tiltak", comment + b"<Tiltak"))
    assert path.stat().st_size > 140_000_000
    last, peak = parse_with_peak(path)
    assert (last.files, last.refused_files) == (files, 0)
    assert peak < 200_000
    print(f"{path.stat().st_size / 1e6:.0f} MB, {files} files: {peak / 1e3:.0f} MB")


def test_15f_file_of_16_mib_is_parsed_within_150_mb_of_memory(tmp_path: Path) -> None:
    child = kostra_xml.individ(
        meldinger=[kostra_xml.melding("2020-02-10", "2020-02-17", "2", [kostra_xml.undersokelse("2020-02-17")])],
        tiltak=[kostra_xml.tiltak("2020-03-05"), kostra_xml.tiltak("2020-04-05")],
    )
    path = tmp_path / "15f.xml"
    path.write_bytes(kostra_xml.annual_file(*[child] * ((Limits().max_file_bytes - 1000) // len(child))))
    assert path.stat().st_size > 16_000_000
    last, peak = parse_with_peak(path)
    assert (last.files, last.refused_files) == (1, 0)
    assert peak < 150_000


def parse_with_peak(path: Path) -> tuple[Batch, int]:
    """Return the last batch of a delivery, and the peak memory of the larger of the two parsing processes, in kB."""
    parser = ParserProcess(KEY, Limits())
    try:
        last = Batch()
        for batch in parser.parse(path, NOW):
            last = batch
        assert parser.pid is not None
        peak = max(
            int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0])
            for pid in (parser.pid, *child_pids(parser.pid))
        )  # kB
    finally:
        parser.close()
    return last, peak
