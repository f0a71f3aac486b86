"""Single values of a case's elements, each noted where it is wrong (`domain.md` 10): days, ends, codes, legal bases."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import TypeVar

from preview.model.findings import Code, Notes
from preview.parsing import lovhjemmel
from preview.parsing.dates import day
from preview.parsing.elements import is_deleted
from preview.parsing.xml_input import Element

_Kept = TypeVar("_Kept")
_SPAN = 26  # years before and after the extract that a case may lie in (Kravspesifikasjon, Sak kontroll 1)
_NEVER = date.max.isoformat()
_LONGEST = 20  # characters of a law, chapter, paragraph or ledd: longer ones are none


def by_tag(element: Element) -> dict[str, Element]:
    """Its children; of several of one tag the last."""
    return {child.tag: child for child in element}


@lru_cache(maxsize=64)
def _likely(year: str) -> tuple[str, str]:
    return f"{max(1, int(year) - _SPAN):04}-01-01", f"{min(9999, int(year) + _SPAN):04}-12-31"


class Values:
    """Reads the values of one case. Paths are the format's, from the child of the case on.

    `uttrekk` is the day of the extract time. `case` is the tag of the case, `end` the path from an element to the day of its end.
    `first` and `slutt` are the days of the case's start (empty where it is unknown) and end; `years` are the first and the last day that
    are likely at all; `strange` holds elements with days that are not, or are not as they should be: element, path, days.
    """

    def __init__(self, sak: Element, uttrekk: str, notes: Notes, case: str = "Sak", end: str = "/Konklusjon@SluttDato") -> None:
        self.uttrekk = uttrekk
        self.notes = notes
        self.years = _likely(uttrekk[:4])
        self.strange: list[tuple[Element, str, str, str | None]] = []
        self._end = end
        self.first, self._last = "", _NEVER
        self.slutt: str | None = None
        self._read_case_dates(sak, case)
        self.floor = max(self.first, self.years[0])

    def note(self, code: Code, element: Element, path: str) -> None:
        """A finding at that element."""
        self.notes.add(code, element.sourceline, path)

    def own_date(self, element: Element, path: str, name: str = "StartDato") -> str | None:
        """The day without which the element is left out."""
        found = day(element.get(name))
        if found is None:
            self.note(Code.NO_DATE, element, f"{path}@{name}")
        return found

    def end(self, element: Element, children: dict[str, Element], path: str) -> tuple[Element | None, str | None]:
        """Its Konklusjon that is not deleted, and the day of it; both None where it has none."""
        konklusjon = children.get("Konklusjon")
        if konklusjon is None:
            return None, None
        if konklusjon.get("ErSlettet") and is_deleted(konklusjon):
            konklusjon = next((each for each in element.iterchildren("Konklusjon") if not is_deleted(each)), None)
            if konklusjon is None:
                return None, None
        slutt = day(konklusjon.get("SluttDato"))
        if slutt is None:
            self.note(Code.NO_END_DATE, konklusjon, f"{path}/Konklusjon@SluttDato")
        return konklusjon, slutt

    def own_end(self, element: Element, path: str) -> str | None:
        """The day of its end where that is an attribute of its own; None where it has none."""
        written = element.get("SluttDato")
        slutt = day(written)
        if slutt is None and written is not None:
            self.note(Code.NO_END_DATE, element, f"{path}@SluttDato")
        return slutt

    def conclusion(self, element: Element, children: dict[str, Element], path: str, codes: dict[str, int]) -> tuple[str | None, int | None]:
        """The day and code of its Konklusjon; one without a day is none."""
        konklusjon, slutt = self.end(element, children, path)
        if konklusjon is None:
            return None, None
        kode = self.code(konklusjon, path + "/Konklusjon", codes)
        return slutt, kode if slutt is not None else None

    def code(self, element: Element, path: str, codes: dict[str, _Kept], name: str = "Kode") -> _Kept | None:
        """What is kept of a code; None where it is missing or not in its list."""
        text = element.get(name, "")
        found = codes.get(text) or codes.get(text.strip())
        if found is None:
            self.note(Code.UNKNOWN_CODE, element, f"{path}@{name}")
        return found

    def child_code(self, element: Element, children: dict[str, Element], path: str, tag: str, codes: dict[str, _Kept]) -> _Kept | None:
        """The code of a child that must be there."""
        child = children.get(tag)
        if child is None:
            self.note(Code.UNKNOWN_CODE, element, f"{path}/{tag}")
            return None
        return self.code(child, f"{path}/{tag}", codes)

    def hjemmel(self, parts: Iterable[tuple[str, str]], place: Element, path: str) -> lovhjemmel.Hjemmel | None:
        """A legal basis, of its parts by name (`Lov`, `Kapittel`, `Paragraf`, `Ledd`); None where it is missing or unknown, noted at `place`."""
        found = lovhjemmel.parse(tuple([(name, text.strip()[:_LONGEST]) for name, text in parts]))
        if found is None:
            self.note(Code.LOVHJEMMEL, place, path)
        return found

    def check(self, element: Element, path: str, start: str, slutt: str | None = None, name: str = "StartDato") -> None:
        """Warns of days that cannot be so; nothing else follows from it."""
        end = slutt or start
        if self.floor <= start <= end <= self._last and end <= self.uttrekk:
            return
        self.strange.append((element, path, start, slutt))
        if end < start:
            self.note(Code.END_BEFORE_START, element, f"{path}{self._end}")
        if start > self.uttrekk:
            self.note(Code.AFTER_UTTREKK, element, f"{path}@{name}")
        if slutt is not None and slutt > self.uttrekk:
            self.note(Code.AFTER_UTTREKK, element, f"{path}{self._end}")
        if start < self.first or max(start, end) > self._last:
            self.note(Code.OUTSIDE_SAK, element, path)

    def _read_case_dates(self, sak: Element, case: str) -> None:
        start = day(sak.get("StartDato"))
        if start is None:
            self.note(Code.SAK_START, sak, f"{case}@StartDato")
        else:
            self.first = start
            if start > self.uttrekk:
                self.note(Code.AFTER_UTTREKK, sak, f"{case}@StartDato")
        slutt = self.slutt = self.own_end(sak, case)
        if slutt is None:
            return
        self._last = slutt
        if slutt > self.uttrekk:
            self.note(Code.AFTER_UTTREKK, sak, f"{case}@SluttDato")
        if slutt < self.first:
            self.note(Code.END_BEFORE_START, sak, f"{case}@SluttDato")
