"""View models of the history of a field: the chosen services, and their values by period."""

from dataclasses import dataclass
from urllib.parse import urlencode

from components.field.query import MAX_CHOSEN
from components.form.row_values import ValueView, present_value
from components.layout.preferences import Translator
from components.services.service_list import split_name
from preview.core.periods import Period
from preview.form.entries import Field
from preview.form.value_state import ValueState
from preview.i18n import formatting
from preview.model.resources import Value
from preview.views.field_history import FieldHistories
from preview.views.history import HistoricalValue

LETTERS = "ABCDEFGH"
"""The signs of the chosen services, in the order in which they were chosen."""


@dataclass(frozen=True)
class HistoryPoint:
    """The value of a service in a period; `is_partial` as of `HistoricalValue`."""

    value: Value
    state: ValueState
    view: ValueView
    is_partial: bool


@dataclass(frozen=True)
class ChosenService:
    """A service whose history is shown.

    Attributes:
        letter: Its sign in the figures and in the table.
        organization_id: Its id.
        name_prefix: As of `ServiceRowView`.
        name: Its name.
        preview_query: The query string of its preview.
        points: A value for each period.
    """

    letter: str
    organization_id: str
    name_prefix: str
    name: str
    preview_query: str
    points: tuple[HistoryPoint, ...]


@dataclass(frozen=True)
class ChosenView:
    """The chosen services, with the names of the periods, oldest first."""

    services: tuple[ChosenService, ...]
    periods: tuple[str, ...]

    @property
    def ids(self) -> str:
        """The ids as the address has them."""
        return ",".join(service.organization_id for service in self.services)

    @property
    def is_full(self) -> bool:
        """Whether no more can be chosen."""
        return len(self.services) >= MAX_CHOSEN

    def letter_of(self, organization_id: str) -> str:
        """Return the sign of a service; empty if it is not chosen."""
        return next((each.letter for each in self.services if each.organization_id == organization_id), "")


def present_chosen(histories: FieldHistories, field: Field, period: Period, t: Translator) -> ChosenView:
    """Return the histories of the chosen services, in the order in which they were chosen.

    Args:
        histories: The histories.
        field: The field.
        period: The period that the page shows, for the links.
        t: The texts.
    """
    services: list[ChosenService] = []
    for letter, history in zip(LETTERS, histories.services, strict=False):
        name_prefix, name = split_name(history.organization_name, t)
        services.append(
            ChosenService(
                letter=letter,
                organization_id=history.organization_id,
                name_prefix=name_prefix,
                name=name,
                preview_query=urlencode({"organization_id": history.organization_id, "period_id": str(period)}),
                points=tuple(_point(each, field, t) for each in history.values),
            )
        )
    return ChosenView(tuple(services), tuple(formatting.period(t.language, each) for each in histories.period_ids))


def _point(found: HistoricalValue, field: Field, t: Translator) -> HistoryPoint:
    view = present_value(found.value, field.unit, found.state, t)
    return HistoryPoint(found.value, found.state, view, found.is_partial)
