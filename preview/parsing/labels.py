"""By what a case worker knows a case: read from local files, for the terminal of whoever has them, and for nothing else.

What a reader hands on of a case tells nothing of it (`folders.py`), so the files are read once more, in this process, and each case that a
reader finds is put beside the element that it was found in.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from preview.model.findings import Notes, Refused
from preview.model.limits import Limits
from preview.parsing import archive, avgiver, barnevern, format_detection, kostra_15f, xml_input
from preview.parsing.format_detection import Format
from preview.parsing.xml_input import Document, Element

Organisation = tuple[str, str]  # Organisasjonsnummer and Bydelsnummer (`domain.md` 3.1)


class Label(NamedTuple):
    """`sak_id` is Sak/@Id, or Individ/@Id of a 15F file, as it is written."""

    sak_id: str
    journalnummer: str


class Labels:
    """The labels of local files. `key` is that of the store that the files have been taken into, `now` the present instant."""

    def __init__(self, key: bytes, now: datetime, limits: Limits) -> None:
        self._key = key
        self._now = now
        self._limits = limits
        self._years: dict[tuple[str, int], dict[tuple[str, bytes], list[Label]]] = {}
        self._cases: dict[tuple[Organisation, bytes], tuple[str, Label]] = {}

    def read(self, path: Path) -> None:
        """A file, folder or ZIP. What the reader refuses has no case."""
        for item in archive.walk(path, self._limits):
            if item.refused is not None or not xml_input.looks_like_xml(item.data):
                continue
            try:
                self._read(xml_input.parse(item.data))
            except Refused:
                continue

    def of_case(self, organisation: Organisation, nokler: list[bytes]) -> Label | None:
        """Of a v4 case that is known by these: that of its newest folder, of two with the same DatoUttrekk of the one read last (1.1)."""
        found = [self._cases[organisation, nokkel] for nokkel in nokler if (organisation, nokkel) in self._cases]
        return max(found, key=lambda each: each[0])[1] if found else None

    def of_child(self, organisation: Organisation, aar: int, digest: bytes) -> list[Label]:
        """Of the children with that content in the last 15F file of the year (2.3): those that are alike in all that is counted."""
        return self._years.get((organisation[0], aar), {}).get((organisation[1], digest), [])

    def _read(self, document: Document) -> None:
        match format_detection.sniff(document.root):
            case Format.V4:
                mapper, _ = barnevern.read(document, 0, self._key, self._now)
                for mappe, sak in zip(mapper, (child for child in document.root if child.tag == "Sak"), strict=True):
                    place = (mappe.avgiver.organisasjonsnummer, mappe.avgiver.bydelsnummer), mappe.nokkel
                    if place not in self._cases or mappe.uttrekk >= self._cases[place][0]:
                        self._cases[place] = mappe.uttrekk, _label(sak)
            case Format.KOSTRA_15F:
                arsfil, _ = kostra_15f.read(document, 0, self._key)
                children: dict[str, list[Element]] = {}
                for element in document.root.findall("Individ"):
                    children.setdefault(avgiver.bydel(element, "Individ", Notes(0))[0], []).append(element)
                labels = self._years[arsfil.organisasjonsnummer, arsfil.aar] = {}
                for part in arsfil.deler:
                    bydel = part.avgiver.bydelsnummer
                    for individ, element in zip(part.individer, children[bydel], strict=True):
                        labels.setdefault((bydel, individ.digest), []).append(_label(element))
            case _:
                pass


def _label(element: Element) -> Label:
    return Label(element.get("Id", "").strip(), element.get("Journalnummer", "").strip())
