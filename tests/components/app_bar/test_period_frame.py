"""What the app bar says of the reporting period, and of another period that a page shows."""

from datetime import date, timedelta

import pytest

from components.app_bar.period_frame import PeriodFrame, ShownPeriod, present_period
from components.layout.preferences import Translator
from preview.core.languages import Language
from preview.core.periods import Period
from preview.i18n.catalog import MessageCatalog
from preview.model.reviews import ReportingPeriodDocument

TODAY = date(2026, 1, 20)
PERIOD = Period(2025)


def document(expected: int = 42, approved: int = 38) -> ReportingPeriodDocument:
    return ReportingPeriodDocument("2025", "2025-01-01", "2025-12-31", None, expected, 40, approved)


def present(
    texts: MessageCatalog,
    language: Language = "nb",
    deadline: date | None = None,
    shown: ShownPeriod = ShownPeriod(),  # noqa: B008  (immutable)
    progress: ReportingPeriodDocument | None = None,
) -> PeriodFrame:
    return present_period(PERIOD, deadline, progress, shown, Translator(texts, language), TODAY)


@pytest.mark.parametrize(
    ("days", "nb", "nn", "en"),
    [
        (12, "frist 1. februar (om 12 dager)", "frist 1. februar (om 12 dagar)", "due 1 February (in 12 days)"),
        (1, "frist 21. januar (i morgen)", "frist 21. januar (i morgon)", "due 21 January (tomorrow)"),
        (0, "frist i dag", "frist i dag", "due today"),
        (
            -1,
            "fristen gikk ut 19. januar (i går)",
            "fristen gjekk ut 19. januar (i går)",
            "the deadline was 19 January (yesterday)",
        ),
        (
            -20,
            "fristen gikk ut 31. desember 2025 (for 20 dager siden)",
            "fristen gjekk ut 31. desember 2025 (for 20 dagar sidan)",
            "the deadline was 31 December 2025 (20 days ago)",
        ),
        (None, "ingen frist", "ingen frist", "no deadline"),
    ],
)
def test_deadline_has_words_for_each_distance(
    texts: MessageCatalog, days: int | None, nb: str, nn: str, en: str
) -> None:
    deadline = None if days is None else TODAY + timedelta(days)
    assert [present(texts, language, deadline).deadline for language in ("nb", "nn", "en")] == [nb, nn, en]


@pytest.mark.parametrize(
    ("progress", "expected"),
    [(document(), "38 av 42 godkjent"), (document(0, 0), "ingen liste over tjenester"), (None, "")],
)
def test_progress_is_approved_of_expected(
    texts: MessageCatalog, progress: ReportingPeriodDocument | None, expected: str
) -> None:
    assert present(texts, progress=progress).progress == expected


def test_other_period_is_kept_by_links(texts: MessageCatalog) -> None:
    arguments = {"organization_id": "org-å", "period_id": "2024-H1", "compare": "2023-H1", "lang": "nn", "q": "a&b"}
    frame = present(texts, shown=ShownPeriod.from_arguments(arguments))
    assert (frame.chosen_id, frame.chosen_name, frame.query) == ("2024-H1", "1. halvår 2024", "period_id=2024-H1")
    assert frame.back_query == "organization_id=org-%C3%A5&q=a%26b"


@pytest.mark.parametrize("period_id", [None, "2025", "no period"])
def test_reporting_period_needs_no_choice(texts: MessageCatalog, period_id: str | None) -> None:
    arguments = {"period_id": period_id} if period_id else {}
    frame = present(texts, shown=ShownPeriod.from_arguments(arguments))
    assert (frame.name, frame.chosen_id, frame.query) == ("2025", None, "")
