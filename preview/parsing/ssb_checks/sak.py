"""Checks of the case as a whole, after its elements have been parsed."""

from preview.parsing.ssb_checks.case import CaseCheckContext
from preview.parsing.ssb_checks.duplicates import check_duplicates
from preview.parsing.ssb_checks.tiltak import check_overlaps

_CONTENT_KINDS = ("Melding", "Undersokelse", "Vedtak", "Tiltak", "Plan", "Ettervern", "OversendelseFylkesnemnd")
_ADULT_AGE, _MAX_AGE = 18, 25  # years


def check_sak(case: CaseCheckContext, *, early: bool) -> None:
    """Check a case.

    Args:
        case: Context of the case.
        early: Whether the person's attributes are on the Sak itself (rule 1.10).
    """
    elements, sak = case.elements, case.sak
    if not (early or case.has_person):
        case.add_finding("personalia_11", sak)
    if case.slutt is not None:
        for element, path in (*case.open_elements, *case.open_vedtak):
            case.add_finding("sak_23", element, path)
    elif not case.element_starts and not elements.has_any(_CONTENT_KINDS):
        case.add_finding("sak_21", sak)
    age = case.age_on(case.extract_day)
    if age is not None and age >= _ADULT_AGE and (case.slutt is None or case.open_elements):
        if age >= _MAX_AGE:
            case.add_finding("sak_7", sak)
        if not case.has_tiltak:
            case.add_finding("sak_8", sak)
    if len(case.plasseringer) > 1:
        check_overlaps(case)
    check_duplicates(case)
    _check_plausible_years(case)


def _check_plausible_years(case: CaseCheckContext) -> None:
    """Check the days of the case itself, and those that the parser found suspicious."""
    if not case.is_within(case.start, case.slutt or case.start):
        case.check_plausible_years(case.sak, "Sak", case.start or None, case.slutt)
    for element, path, *days in case.suspicious_dates:
        case.check_plausible_years(element, path, *days)
