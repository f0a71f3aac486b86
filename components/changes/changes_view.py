"""View models of what has changed in a report since a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.form.row_values import ValueView


@dataclass(frozen=True)
class LastChangeView:
    """The newest change of a field.

    Attributes:
        when: When.
        before: The value before.
        after: The value after it.
        by: Who asked for it, or through what, as a sentence.
        reason: Why, in a person's words; empty for none.
        deliveries_label: What stands before the deliveries; empty where there is nothing to say of them.
        deliveries: The ids of the newest deliveries behind it.
        more_deliveries: The number of the others in words; empty for none.
        are_deliveries_unknown: Whether it is not known which deliveries are behind it.
        activity_query: The query string of the activity that begins with it.
        event_id: Id of its event.
    """

    when: str
    before: ValueView
    after: ValueView
    by: str
    reason: str
    deliveries_label: str
    deliveries: Sequence[str]
    more_deliveries: str
    are_deliveries_unknown: bool
    activity_query: str
    event_id: int


@dataclass(frozen=True)
class ChangedSinceView:
    """A field that has changed since the moment.

    Attributes:
        moment: The moment.
        note: What stands in the row: the value then; empty where there was none.
        before: The value then.
        after: The present one.
    """

    moment: str
    note: str
    before: ValueView
    after: ValueView


@dataclass(frozen=True)
class MomentOption:
    """A moment to choose.

    Attributes:
        name: What it is called in the page's HTML; `visit` is known to the browser only, and `none` takes the choice
            back.
        value: The moment as the address names it.
        text: What it is called.
        note: What stands beside it; empty for nothing.
        query: The query string of the page with it.
    """

    name: str
    value: str
    text: str
    note: str
    query: str
    is_chosen: bool = False


@dataclass(frozen=True)
class ChangesView:
    """The choice of a moment, and what has changed since then.

    Attributes:
        requested: The moment as the address names it; empty for the usual one.
        kept: The same where it also means something for another report, else empty.
        moment: The moment as the end of a sentence; empty without one.
        short: The same beside the filter that it is the moment of; empty if that filter is not offered.
        summary: How many fields have changed since then, or why that is not known; empty unless a moment was chosen.
        is_known: Whether it is known.
        count: How many fields have changed.
        query: The query of the page without a moment.
        options: The moments to choose.
        local_time: The chosen time, as a form has it; empty if none was.
    """

    requested: str
    kept: str
    moment: str
    short: str
    summary: str
    is_known: bool
    count: int
    query: Mapping[str, str]
    options: Sequence[MomentOption]
    local_time: str

    @property
    def export_query(self) -> Mapping[str, str]:
        """The query of an export of the page."""
        return {**self.query, "since": self.requested} if self.requested else self.query
