"""Labels of cases, by which a case worker knows them, for output on the terminal of a user with local files.

Case records are pseudonymised, so the files are parsed once more, in this process, and each record is paired with the
element that it was made from. Labels are never stored.
"""

from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from preview.model.file_format import FileFormat
from preview.model.findings import FileRejected, FindingCollector
from preview.model.limits import Limits
from preview.parsing import archive, avgiver, barnevern, format_detection, kostra_15f, xml_input
from preview.parsing.xml_input import Element, ParsedXml

OrganizationKey = tuple[str, str]
"""Organisasjonsnummer and Bydelsnummer (rule 3.1, docs/domain.md)."""


class CaseLabel(NamedTuple):
    """Ids of a case as written; `sak_id` is Sak/@Id, or Individ/@Id of a 15F file."""

    sak_id: str
    journalnummer: str


class CaseLabelIndex:
    """Labels of the cases in local files.

    Args:
        key: Key of the store that the files were imported into.
        now: The present instant, in UTC.
        limits: Limits of the parser.
    """

    def __init__(self, key: bytes, now: datetime, limits: Limits) -> None:
        self._key = key
        self._now = now
        self._limits = limits
        self._labels_by_year: dict[tuple[str, int], dict[tuple[str, bytes], list[CaseLabel]]] = {}
        self._labels_by_case: dict[tuple[OrganizationKey, bytes], tuple[str, CaseLabel]] = {}

    def add_path(self, path: Path) -> None:
        """Add the cases of a file, folder or ZIP archive. Refused files are skipped."""
        for item in archive.walk(path, self._limits):
            if item.rejection is not None or not xml_input.looks_like_xml(item.data):
                continue
            try:
                self._add_document(xml_input.parse_xml(item.data))
            except FileRejected:
                continue

    def find_case(self, organisation: OrganizationKey, keys: list[bytes]) -> CaseLabel | None:
        """Return the label of a v4 case with these keys, from its newest file (rule 1.1), or None."""
        found = [self._labels_by_case[organisation, key] for key in keys if (organisation, key) in self._labels_by_case]
        return max(found, key=itemgetter(0))[1] if found else None

    def find_children(self, organisation: OrganizationKey, year: int, content_hash: bytes) -> list[CaseLabel]:
        """Return the labels of the children with that content in the last 15F file of a year (rule 2.3)."""
        return self._labels_by_year.get((organisation[0], year), {}).get((organisation[1], content_hash), [])

    def _add_document(self, document: ParsedXml) -> None:
        match format_detection.sniff(document.root):
            case FileFormat.V4:
                self._add_case_file(document)
            case FileFormat.KOSTRA_15F:
                self._add_annual_file(document)
            case _:
                pass

    def _add_case_file(self, document: ParsedXml) -> None:
        folders, _ = barnevern.parse_case_file(document, 0, self._key, self._now)
        for folder, sak in zip(folders, document.root.findall("Sak"), strict=True):
            case_key = (folder.avgiver.organisasjonsnummer, folder.avgiver.bydelsnummer), folder.key
            if case_key not in self._labels_by_case or folder.extract_at >= self._labels_by_case[case_key][0]:
                self._labels_by_case[case_key] = folder.extract_at, _label(sak)

    def _add_annual_file(self, document: ParsedXml) -> None:
        annual_file, _ = kostra_15f.parse_annual_file(document, 0, self._key)
        children: dict[str, list[Element]] = {}
        for element in document.root.findall("Individ"):
            bydel, _ = avgiver.parse_bydel(element, "Individ", FindingCollector(0))
            children.setdefault(bydel, []).append(element)
        labels = self._labels_by_year[annual_file.organisasjonsnummer, annual_file.year] = {}
        for part in annual_file.parts:
            bydel = part.avgiver.bydelsnummer
            for individ, element in zip(part.individer, children[bydel], strict=True):
                labels.setdefault((bydel, individ.content_hash), []).append(_label(element))


def _label(element: Element) -> CaseLabel:
    return CaseLabel(element.get("Id", "").strip(), element.get("Journalnummer", "").strip())
