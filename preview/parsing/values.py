"""Single values of a case's elements, each noted where it is wrong (`domain.md` 10): days, ends, codes, legal bases."""

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
_PLAUSIBLE_YEARS = 26  # years before and after the extract that a case may lie in (Kravspesifikasjon, Sak kontroll 1)
_MAX_DATE = date.max.isoformat()


def children_by_tag(element: Element) -> dict[str, Element]:
    """Its children; of several of one tag the last."""
    return {child.tag: child for child in element}


@lru_cache(maxsize=64)
def _plausible_range(year: str) -> tuple[str, str]:
    return f"{max(1, int(year) - _PLAUSIBLE_YEARS):04}-01-01", f"{min(9999, int(year) + _PLAUSIBLE_YEARS):04}-12-31"


class ValueReader:
    """Reads the values of one case. Paths are the format's, from the child of the case on.

    `uttrekk` is the day of the extract time. `case` is the tag of the case, `end` the path from an element to the day of its end.
    `first` and `slutt` are the days of the case's start (empty where it is unknown) and end; `years` are the first and the last day that
    are likely at all; `strange` holds elements with days that are not, or are not as they should be: element, path, days.
    """

    def __init__(
        self, sak: Element, extract_day: str, collector: FindingCollector, case_tag: str = "Sak", end_path: str = "/Konklusjon@SluttDato"
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
        """A finding at that element."""
        self.collector.add(code, element.sourceline, path)

    def required_date(self, element: Element, path: str, name: str = "StartDato") -> str | None:
        """The day without which the element is left out."""
        parsed = parse_date(element.get(name))
        if parsed is None:
            self.add_finding(FindingCode.NO_DATE, element, f"{path}@{name}")
        return parsed

    def find_konklusjon(self, element: Element, children: dict[str, Element], path: str) -> tuple[Element | None, str | None]:
        """Its Konklusjon that is not deleted, and the day of it; both None where it has none."""
        konklusjon = children.get("Konklusjon")
        if konklusjon is None:
            return None, None
        if konklusjon.get("ErSlettet") and is_deleted(konklusjon):
            konklusjon = next((each for each in element.iterchildren("Konklusjon") if not is_deleted(each)), None)
            if konklusjon is None:
                return None, None
        slutt = parse_date(konklusjon.get("SluttDato"))
        if slutt is None:
            self.add_finding(FindingCode.NO_END_DATE, konklusjon, f"{path}/Konklusjon@SluttDato")
        return konklusjon, slutt

    def end_date(self, element: Element, path: str) -> str | None:
        """The day of its end where that is an attribute of its own; None where it has none."""
        text = element.get("SluttDato")
        slutt = parse_date(text)
        if slutt is None and text is not None:
            self.add_finding(FindingCode.NO_END_DATE, element, f"{path}@SluttDato")
        return slutt

    def parse_konklusjon(
        self, element: Element, children: dict[str, Element], path: str, codes: dict[str, int]
    ) -> tuple[str | None, int | None]:
        """The day and code of its Konklusjon; one without a day is none."""
        konklusjon, slutt = self.find_konklusjon(element, children, path)
        if konklusjon is None:
            return None, None
        kode = self.parse_code(konklusjon, path + "/Konklusjon", codes)
        return slutt, kode if slutt is not None else None

    def parse_code(self, element: Element, path: str, codes: dict[str, _Value], name: str = "Kode") -> _Value | None:
        """What is kept of a code; None where it is missing or not in its list."""
        text = element.get(name, "")
        found = codes.get(text) or codes.get(text.strip())
        if found is None:
            self.add_finding(FindingCode.UNKNOWN_CODE, element, f"{path}@{name}")
        return found

    def parse_child_code(
        self, element: Element, children: dict[str, Element], path: str, tag: str, codes: dict[str, _Value]
    ) -> _Value | None:
        """The code of a child that must be there."""
        child = children.get(tag)
        if child is None:
            self.add_finding(FindingCode.UNKNOWN_CODE, element, f"{path}/{tag}")
            return None
        return self.parse_code(child, f"{path}/{tag}", codes)

    def parse_hjemmel(self, parts: Iterable[tuple[str, str]], element: Element, path: str) -> lovhjemmel.Hjemmel | None:
        """A legal basis, of its parts by name (`Lov`, `Kapittel`, `Paragraf`, `Ledd`); None where it is missing or unknown, noted at `place`."""
        found = lovhjemmel.parse_hjemmel(parts)
        if found is None:
            self.add_finding(FindingCode.LOVHJEMMEL, element, path)
        return found

    def check_dates(self, element: Element, path: str, start: str, slutt: str | None = None, name: str = "StartDato") -> None:
        """Warns of days that cannot be so; nothing else follows from it."""
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
