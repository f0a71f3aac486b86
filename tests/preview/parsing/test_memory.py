"""A ZIP archive of 300 MB is parsed in constant memory. Slow, as the archive has to be made first."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from preview.model.limits import Limits
from preview.parsing.messages import Batch
from preview.parsing.process_client import ParserProcess
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
    assert (last.files, last.refused_files) == (files, 0)
    assert peak < 200_000
    print(f"{path.stat().st_size / 1e6:.0f} MB, {files} files: {peak / 1e3:.0f} MB")
