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
    deliveries: tuple[str, ...]
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
class MomentMenu:
    """The choice of a moment.

    Attributes:
        requested: The moment as the address names it; empty for the usual one.
        short: The moment beside what it is the moment of; empty without one.
        query: The query of the page without a moment.
        options: The moments to choose.
        local_time: The chosen time, as a form has it; empty if none was.
    """

    requested: str
    short: str
    query: Mapping[str, str]
    options: Sequence[MomentOption]
    local_time: str


@dataclass(frozen=True)
class ChangesView:
    """What has changed in a report since a moment.

    Attributes:
        menu: The choice of the moment.
        kept: The moment as the address names it where it also means something for another report, else empty.
        moment: The moment as the end of a sentence; empty without one.
        summary: How many fields have changed since then, or why that is not known; empty unless a moment was chosen.
        is_known: Whether it is known.
        count: How many fields have changed.
    """

    menu: MomentMenu
    kept: str
    moment: str
    summary: str
    is_known: bool
    count: int

    @property
    def is_chosen(self) -> bool:
        """Whether a moment was chosen, and it is known what has changed since."""
        return bool(self.menu.requested) and self.is_known

    @property
    def export_query(self) -> Mapping[str, str]:
        """The query of an export of the page."""
        return {**self.menu.query, "since": self.menu.requested} if self.menu.requested else self.menu.query
