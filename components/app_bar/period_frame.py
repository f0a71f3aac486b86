"""What the app bar of every page says: the reporting period, its deadline and how far it is, and the period shown.

Everyone works on the reporting period (rule P1, docs/api.md). Another period is a choice that the address holds
(`period_id`), and that all links keep.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from components.layout import value_formatting
from components.layout.preferences import Translator
from preview.core.errors import ValidationError
from preview.core.periods import Period
from preview.i18n import formatting
from preview.model.reviews import ReportingPeriodDocument

_CHOICES_OF_PERIOD = frozenset({"period_id", "compare"})
_PREFERENCES = frozenset({"lang", "theme"})


class ShownPeriod(NamedTuple):
    """What a page shows.

    Attributes:
        period_id: The period; None for the reporting period, and for a page of no period.
        arguments: The query parameters that the page needs with any period.
    """

    period_id: str | None = None
    arguments: Mapping[str, str] = {}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> "ShownPeriod":
        """Return what the query parameters of a URL ask for; a period that is none counts as the reporting period."""
        kept = {name: value for name, value in arguments.items() if name not in _CHOICES_OF_PERIOD | _PREFERENCES}
        return cls(valid_period(arguments.get("period_id")), kept)


def valid_period(period_id: object) -> str | None:
    """Return the id of a period from a message or a URL; None in place of anything else."""
    try:
        return str(Period.parse(period_id)) if isinstance(period_id, str) else None
    except ValidationError:
        return None


@dataclass(frozen=True)
class PeriodFrame:
    """The period in the app bar, in one language.

    Attributes:
        name: The name of the reporting period.
        deadline: A phrase about its deadline.
        deadline_day: The day of the deadline alone; empty without one.
        progress: How many of the expected services are approved; empty where it is not known, as on an error page.
        counts: The same as two numbers, such as `38/42`; empty also where no services are expected.
        chosen_id: The period that the page shows in place of the reporting period, None if it shows that one.
        chosen_name: Its name.
        back_query: The query string of the same page in the reporting period.
        query: The query string with which every link keeps the chosen period; empty without one.
    """

    name: str
    deadline: str
    deadline_day: str
    progress: str
    counts: str
    chosen_id: str | None
    chosen_name: str
    back_query: str
    query: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "query", urlencode({"period_id": self.chosen_id}) if self.chosen_id else "")


def present_period(
    period: Period,
    deadline: date | None,
    document: ReportingPeriodDocument | None,
    shown: ShownPeriod,
    t: Translator,
    today: date,
) -> PeriodFrame:
    """Return what the app bar says.

    Args:
        period: The reporting period.
        deadline: When services must have delivered it.
        document: How far it is, None if that is not known.
        shown: What the page shows.
        t: The texts.
        today: The current date in Norway.
    """
    chosen_id = None if shown.period_id in (None, str(period)) else shown.period_id
    return PeriodFrame(
        name=formatting.period(t.language, str(period)),
        deadline=_deadline_text(deadline, today, t),
        deadline_day=_deadline_day(deadline, today, t) if deadline else "",
        progress=_progress_text(document, t) if document else "",
        counts=f"{document.approved_organizations}/{document.expected_organizations}"
        if document and document.expected_organizations
        else "",
        chosen_id=chosen_id,
        chosen_name=formatting.period(t.language, chosen_id) if chosen_id else "",
        back_query=urlencode(shown.arguments),
    )


def _deadline_text(deadline: date | None, today: date, t: Translator) -> str:
    if deadline is None:
        return t("period.deadline.none")
    days = (deadline - today).days
    day = _deadline_day(deadline, today, t)
    words = {0: "today", 1: "tomorrow", -1: "yesterday"}
    return t(f"period.deadline.{words.get(days, 'ahead' if days > 0 else 'passed')}", day=day, n=abs(days))


def _deadline_day(deadline: date, today: date, t: Translator) -> str:
    return value_formatting.long_day(deadline, t.language, with_year=deadline.year != today.year)


def _progress_text(document: ReportingPeriodDocument, t: Translator) -> str:
    if not document.expected_organizations:
        return t("period.nobody_expected")
    return t("period.approved", n=document.approved_organizations, total=document.expected_organizations)
