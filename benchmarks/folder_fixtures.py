"""Generates case files to measure with: those of the demo's largest service, enlarged. They are equal in every run and
cached in a temporary folder.
"""

import os
import random
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from preview.core.clock import OSLO
from preview.demo.sent_folders import sent_folders
from preview.demo.service_profiles import DemoService, demo_services

DAY = date(2025, 1, 15)  # The last day of the simulation is fixed, so that every run reads the same bytes.
YEAR = 2024  # The newest whole year of the case files.
MIN_FOLDER_BYTES, MAX_FOLDER_BYTES = 2_000, 8_192  # Usual size of a v4 case file (rule 9, docs/domain.md).
ORGANIZATION = "org-1103"

_ENTRY_OVERHEAD = 200  # Bytes of an entry of a ZIP besides its content.


class Folder(NamedTuple):
    """One file of a delivery."""

    name: str
    xml: bytes


def service(case_factor: float, number: int = 0) -> DemoService:
    """Return the demo's largest service with `factor` times its cases.

    With a `number` it is another organisation that shares only the scenarios of the cases.
    """
    largest = demo_services(DAY)[-1]
    scaled = replace(
        largest,
        initial_cases={kind: round(count * case_factor) for kind, count in largest.initial_cases.items()},
        new_cases=tuple(
            {kind: round(count * case_factor) for kind, count in kinds.items()} for kinds in largest.new_cases
        ),
        last=datetime.combine(DAY, time(0, 30), OSLO),
    )
    if not number:
        return scaled
    kommunenummer = f"{7000 + number}"
    return replace(scaled, organization_id=f"org-{kommunenummer}", kommune=(kommunenummer, f"Nabo {number}"))


def folders(demo_service: DemoService) -> Iterator[Folder]:
    """Yield the service's case files of the usual size, in the order of DatoUttrekk."""
    for sent_folder in sent_folders(demo_service):
        xml = sent_folder.xml(demo_service).encode()
        if MIN_FOLDER_BYTES <= len(xml) <= MAX_FOLDER_BYTES:
            yield Folder(f"{sent_folder.extract.id}.xml", xml)


def zip_of(count: int) -> Path:
    """Return a ZIP with that many case files of one organisation."""
    path = _cache_folder() / f"folders-{count}.zip"
    if not path.exists():
        # About 1,400 of the service's 3,600 case files are of the usual size.
        _write_atomically(path, islice(folders(service(max(0.05, count / 1_200))), count))
    return path


def zip_of_bytes(size: int) -> Path:
    """Return a ZIP of about that many bytes: its case files contain free text that hardly compresses."""
    path = _cache_folder() / f"bytes-{size}.zip"
    if not path.exists():
        _write_atomically(path, _incompressible(size))
    return path


def write_zip(path: Path, content: Iterable[Folder]) -> Path:
    """Write case files as a compressed ZIP."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in content:
            archive.writestr(file.name, file.xml)
    return path


def _incompressible(size: int) -> Iterator[Folder]:
    """Yield case files of the usual structure with random text in a Presisering, each of another case."""
    rng = random.Random(1042)
    patterns = list(islice(folders(service(0.3)), 200))
    written_bytes = 0
    number = 0
    while written_bytes < size:
        pattern = patterns[number % len(patterns)].xml
        text = b64encode(rng.randbytes(4_500))
        sak = pattern.index(b'<Sak Id="') + len(b'<Sak Id="')
        sak_id = f"{number:08x}".encode()
        xml = (
            pattern[:sak]
            + sak_id
            + pattern[sak + 8 :].replace(b"<Melding ", b'<Melding Presisering="' + text + b'" ', 1)
        )
        yield Folder(f"{number:08}.xml", xml)
        written_bytes += 4_500 + _ENTRY_OVERHEAD + len(pattern) // 4
        number += 1


def _write_atomically(path: Path, content: Iterable[Folder]) -> None:
    """Write a file under a temporary name and rename it, because another run may be looking for it."""
    temporary = path.with_suffix(f".{os.getpid()}")
    write_zip(temporary, content)
    temporary.replace(path)


def _cache_folder() -> Path:
    path = Path(tempfile.gettempdir()) / "bufdir-preview-benchmarks"
    path.mkdir(exist_ok=True)
    return path
