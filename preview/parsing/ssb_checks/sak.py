"""The controls of the case as a whole, when all in it has been looked at."""

from preview.parsing.ssb_checks.case import Case
from preview.parsing.ssb_checks.duplicates import check_duplicates
from preview.parsing.ssb_checks.tiltak import check_overlaps

_CONTENT = ("Melding", "Undersokelse", "Vedtak", "Tiltak", "Plan", "Ettervern", "OversendelseFylkesnemnd")
_MYNDIG, _LAST = 18, 25  # years


def check_sak(case: Case, *, early: bool) -> None:
    """`early` where the Sak carries the person itself (`domain.md` 1.10)."""
    elements, sak = case.elements, case.sak
    if not (early or case.has_person):
        case.note("personalia_11", sak)
    if case.slutt is not None:
        for element, path in (*case.apne, *case.apne_vedtak):
            case.note("sak_23", element, path)
    elif not case.starts and not elements.any_of(_CONTENT):
        case.note("sak_21", sak)
    alder = case.alder(case.uttrekk)
    if alder is not None and alder >= _MYNDIG and (case.slutt is None or case.apne):
        if alder >= _LAST:
            case.note("sak_7", sak)
        if not case.has_tiltak:
            case.note("sak_8", sak)
    if len(case.plasseringer) > 1:
        check_overlaps(case)
    check_duplicates(case)
    _check_years(case)


def _check_years(case: Case) -> None:
    """Of the case itself, and of what the reader found strange in it."""
    if not case.is_within(case.start, case.slutt or case.start):
        case.check_years(case.sak, "Sak", case.start or None, case.slutt)
    for element, path, *days in case.strange:
        case.check_years(element, path, *days)
