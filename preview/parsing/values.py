"""Reads single values of a case's elements: days, ends, codes and legal bases.

Missing and wrong values become findings (domain 10, docs/domain.md).
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import TypeVar

from preview.model.findings import FindingCode, FindingCollector
from preview.parsing import lovhjemmel
from preview.parsing.dates import parse_date
from preview.parsing.elements import is_deleted
from preview.parsing.xml_input import Element

_Value = TypeVar("_Value")
_PLAUSIBLE_YEARS = 26  # years before and after the extract (Kravspesifikasjon, Sak kontroll 1)
_MAX_DATE = date.max.isoformat()


def children_by_tag(element: Element) -> dict[str, Element]:
    """Return the children of an element by tag; of several with the same tag the last one."""
    return {child.tag: child for child in element}


def elements_by_tag(element: Element, children: dict[str, Element], tag: str) -> list[Element]:
    """Return all children with a tag; `children` is `children_by_tag` of the element, which saves most searches."""
    if tag not in children:
        return []
    return [children[tag]] if len(children) == len(element) else list(element.iterchildren(tag))


def _first_not_deleted(elements: Iterable[Element]) -> Element | None:
    return next((element for element in elements if not is_deleted(element)), None)


@lru_cache(maxsize=64)
def _plausible_range(year: str) -> tuple[str, str]:
    return f"{max(1, int(year) - _PLAUSIBLE_YEARS):04}-01-01", f"{min(9999, int(year) + _PLAUSIBLE_YEARS):04}-12-31"


class ValueReader:
    """Reads the values of one case. The `path` of its methods is that of the element, from the child of the case on.

    Args:
        sak: Element of the case.
        extract_day: Day of the extract time.
        collector: Collects the findings.
        case_tag: Tag of the case, for the paths of findings.
        end_path: Path from an element to the day of its end.

    Attributes:
        extract_day: As given.
        collector: As given.
        start: Day of the case's start; empty if it is unknown.
        slutt: Day of its end, if there is one.
        earliest: First day that is within the case and plausible.
        plausible_range: First and last day that are plausible at all.
        suspicious_dates: Elements with days that are not within the case, in order and plausible: element, path,
            start, end.
    """

    def __init__(
        self,
        sak: Element,
        extract_day: str,
        collector: FindingCollector,
        case_tag: str = "Sak",
        end_path: str = "/Konklusjon@SluttDato",
    ) -> None:
        self.extract_day = extract_day
        self.collector = collector
        self.plausible_range = _plausible_range(extract_day[:4])
        self.suspicious_dates: list[tuple[Element, str, str, str | None]] = []
        self._end_path = end_path
        self.start, self._latest = "", _MAX_DATE
        self.slutt: str | None = None
        self._read_case_dates(sak, case_tag)
        self.earliest = max(self.start, self.plausible_range[0])

    def add_finding(self, code: FindingCode, element: Element, path: str) -> None:
        """Add a finding at an element."""
        self.collector.add(code, element.sourceline, path)

    def required_date(self, element: Element, path: str, name: str = "StartDato") -> str | None:
        """Return the day of an element; None with a finding if there is none, as the element is then left out."""
        parsed = parse_date(element.get(name))
        if parsed is None:
            self.add_finding(FindingCode.NO_DATE, element, f"{path}@{name}")
        return parsed

    def find_konklusjon(
        self, element: Element, children: dict[str, Element], path: str
    ) -> tuple[Element | None, str | None]:
        """Return the Konklusjon of an element that is not deleted, and its day; both are None if there is none."""
        konklusjon = children.get("Konklusjon")
        if konklusjon is None:
            return None, None
        if konklusjon.get("ErSlettet") and is_deleted(konklusjon):
            konklusjon = _first_not_deleted(element.iterchildren("Konklusjon"))
            if konklusjon is None:
                return None, None
        slutt = parse_date(konklusjon.get("SluttDato"))
        if slutt is None:
            self.add_finding(FindingCode.NO_END_DATE, konklusjon, f"{path}/Konklusjon@SluttDato")
        return konklusjon, slutt

    def end_date(self, element: Element, path: str) -> str | None:
        """Return the day of an element's end if that is an attribute of the element, or None if there is none."""
        text = element.get("SluttDato")
        slutt = parse_date(text)
        if slutt is None and text is not None:
            self.add_finding(FindingCode.NO_END_DATE, element, f"{path}@SluttDato")
        return slutt

    def parse_konklusjon(
        self, element: Element, children: dict[str, Element], path: str, codes: dict[str, int]
    ) -> tuple[str | None, int | None]:
        """Return day and code of an element's Konklusjon; a Konklusjon without a day counts as none."""
        konklusjon, slutt = self.find_konklusjon(element, children, path)
        if konklusjon is None:
            return None, None
        kode = self.parse_code(konklusjon, path + "/Konklusjon", codes)
        return slutt, kode if slutt is not None else None

    def parse_code(self, element: Element, path: str, codes: dict[str, _Value], name: str = "Kode") -> _Value | None:
        """Return the stored value of a code; None with a finding if it is missing or not in its list."""
        text = element.get(name, "")
        found = codes.get(text) or codes.get(text.strip())
        if found is None:
            self.add_finding(FindingCode.UNKNOWN_CODE, element, f"{path}@{name}")
        return found

    def parse_child_code(
        self, element: Element, children: dict[str, Element], path: str, tag: str, codes: dict[str, _Value]
    ) -> _Value | None:
        """Return the stored value of the code of a required child."""
        child = children.get(tag)
        if child is None:
            self.add_finding(FindingCode.UNKNOWN_CODE, element, f"{path}/{tag}")
            return None
        return self.parse_code(child, f"{path}/{tag}", codes)

    def parse_hjemmel(self, parts: Iterable[tuple[str, str]], element: Element, path: str) -> lovhjemmel.Hjemmel | None:
        """Return the legal basis with these parts, as `lovhjemmel.parse_hjemmel`; None with a finding if unknown."""
        found = lovhjemmel.parse_hjemmel(parts)
        if found is None:
            self.add_finding(FindingCode.LOVHJEMMEL, element, path)
        return found

    def check_dates(
        self, element: Element, path: str, start: str, slutt: str | None = None, name: str = "StartDato"
    ) -> None:
        """Add warnings if the days of an element are not in order, not within the case, or after the extract."""
        end = slutt or start
        if self.earliest <= start <= end <= self._latest and end <= self.extract_day:
            return
        self.suspicious_dates.append((element, path, start, slutt))
        if end < start:
            self.add_finding(FindingCode.END_BEFORE_START, element, f"{path}{self._end_path}")
        if start > self.extract_day:
            self.add_finding(FindingCode.AFTER_UTTREKK, element, f"{path}@{name}")
        if slutt is not None and slutt > self.extract_day:
            self.add_finding(FindingCode.AFTER_UTTREKK, element, f"{path}{self._end_path}")
        if start < self.start or max(start, end) > self._latest:
            self.add_finding(FindingCode.OUTSIDE_SAK, element, path)

    def _read_case_dates(self, sak: Element, case_tag: str) -> None:
        start = parse_date(sak.get("StartDato"))
        if start is None:
            self.add_finding(FindingCode.SAK_START, sak, f"{case_tag}@StartDato")
        else:
            self.start = start
            if start > self.extract_day:
                self.add_finding(FindingCode.AFTER_UTTREKK, sak, f"{case_tag}@StartDato")
        slutt = self.slutt = self.end_date(sak, case_tag)
        if slutt is None:
            return
        self._latest = slutt
        if slutt > self.extract_day:
            self.add_finding(FindingCode.AFTER_UTTREKK, sak, f"{case_tag}@SluttDato")
        if slutt < self.start:
            self.add_finding(FindingCode.END_BEFORE_START, sak, f"{case_tag}@SluttDato")
