"""By what a case worker knows a case: read from local files, for the terminal of whoever has them, and for nothing else.

What a reader hands on of a case tells nothing of it (`folders.py`), so the files are read once more, in this process, and each case that a
reader finds is put beside the element that it was found in.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from preview.model.file_format import FileFormat
from preview.model.findings import FileRejected, FindingCollector
from preview.model.limits import Limits
from preview.parsing import archive, avgiver, barnevern, format_detection, kostra_15f, xml_input
from preview.parsing.xml_input import Element, ParsedXml

OrganizationKey = tuple[str, str]  # Organisasjonsnummer and Bydelsnummer (`domain.md` 3.1)


class CaseLabel(NamedTuple):
    """`sak_id` is Sak/@Id, or Individ/@Id of a 15F file, as it is written."""

    sak_id: str
    journalnummer: str


class CaseLabelIndex:
    """The labels of local files. `key` is that of the store that the files have been taken into, `now` the present instant."""

    def __init__(self, key: bytes, now: datetime, limits: Limits) -> None:
        self._key = key
        self._now = now
        self._limits = limits
        self._labels_by_year: dict[tuple[str, int], dict[tuple[str, bytes], list[CaseLabel]]] = {}
        self._labels_by_case: dict[tuple[OrganizationKey, bytes], tuple[str, CaseLabel]] = {}

    def add_path(self, path: Path) -> None:
        """A file, folder or ZIP. What the reader refuses has no case."""
        for item in archive.walk(path, self._limits):
            if item.rejection is not None or not xml_input.looks_like_xml(item.data):
                continue
            try:
                self._add_document(xml_input.parse_xml(item.data))
            except FileRejected:
                continue

    def find_case(self, organisation: OrganizationKey, keys: list[bytes]) -> CaseLabel | None:
        """Of a v4 case that is known by these: that of its newest folder, of two with the same DatoUttrekk of the one read last (1.1)."""
        found = [self._labels_by_case[organisation, key] for key in keys if (organisation, key) in self._labels_by_case]
        return max(found, key=lambda each: each[0])[1] if found else None

    def find_children(self, organisation: OrganizationKey, year: int, content_hash: bytes) -> list[CaseLabel]:
        """Of the children with that content in the last 15F file of the year (2.3): those that are alike in all that is counted."""
        return self._labels_by_year.get((organisation[0], year), {}).get((organisation[1], content_hash), [])

    def _add_document(self, document: ParsedXml) -> None:
        match format_detection.sniff(document.root):
            case FileFormat.V4:
                folders, _ = barnevern.parse_case_file(document, 0, self._key, self._now)
                for folder, sak in zip(folders, (child for child in document.root if child.tag == "Sak"), strict=True):
                    case_key = (folder.avgiver.organisasjonsnummer, folder.avgiver.bydelsnummer), folder.key
                    if case_key not in self._labels_by_case or folder.extract_at >= self._labels_by_case[case_key][0]:
                        self._labels_by_case[case_key] = folder.extract_at, _label(sak)
            case FileFormat.KOSTRA_15F:
                annual_file, _ = kostra_15f.parse_annual_file(document, 0, self._key)
                children: dict[str, list[Element]] = {}
                for element in document.root.findall("Individ"):
                    children.setdefault(avgiver.parse_bydel(element, "Individ", FindingCollector(0))[0], []).append(element)
                labels = self._labels_by_year[annual_file.organisasjonsnummer, annual_file.year] = {}
                for part in annual_file.parts:
                    bydel = part.avgiver.bydelsnummer
                    for individ, element in zip(part.individer, children[bydel], strict=True):
                        labels.setdefault((bydel, individ.content_hash), []).append(_label(element))
            case _:
                pass


def _label(element: Element) -> CaseLabel:
    return CaseLabel(element.get("Id", "").strip(), element.get("Journalnummer", "").strip())
