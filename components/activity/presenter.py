"""View model of the activity, in one language: what happened, grouped by day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.actions import by_actor
from preview.activity.query import ActivityEntry
from preview.core.clock import local_date, parse_timestamp
from preview.form.catalogue import Catalogue
from preview.i18n import formatting
from preview.model.activity import Activity, ValueChange
from preview.model.reviews import WHOLE_REPORT
from preview.reports.job_queue import INTERRUPTED, NO_SOURCE

_VISIBLE_CHANGES = 4
"""Changed values that are shown at once; the others are in a disclosure, and so are the first values of a report."""

_VISIBLE_DELIVERIES = 5
_FAILURE_KEYS = {NO_SOURCE: "activity.no_source", INTERRUPTED: "activity.interrupted"}


@dataclass(frozen=True)
class ChangeView:
    """A value that changed: the field, and the value before and after."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class ActivityItemView:
    """Something that happened.

    Attributes:
        event_id: Id of the event.
        clock: The time of day.
        timestamp: The time, RFC 3339.
        title: What happened.
        by: By whom or through what.
        service: Name of the service.
        service_query: The query string of its report, of its newest period where the activity has none.
        period: Name of the period; empty for none.
        subject: The field or deviation that a decision is about; empty for none.
        reason: What a person wrote, or why an aggregation failed; empty for none.
        deliveries_label: What stands before the deliveries; empty where there is nothing to say of them.
        deliveries: The ids of the newest deliveries behind it.
        more_deliveries: The number of the others in words; empty for none.
        are_deliveries_unknown: Whether it is not known which deliveries are behind it.
        changes: The changed values that are shown at once.
        more_changes: The other ones.
        more_text: How many they are.
    """

    event_id: int
    clock: str
    timestamp: str
    title: str
    by: str
    service: str
    service_query: str
    period: str
    subject: str
    reason: str
    deliveries_label: str
    deliveries: Sequence[str]
    more_deliveries: str
    are_deliveries_unknown: bool
    changes: Sequence[ChangeView]
    more_changes: Sequence[ChangeView]
    more_text: str


@dataclass(frozen=True)
class ActivityDayView:
    """What happened on one day in Norway."""

    day: str
    name: str
    items: Sequence[ActivityItemView]


def present_activity(entries: Iterable[ActivityEntry], catalogue: Catalogue, t: Translator) -> list[ActivityDayView]:
    """Return the entries by day, in their order."""
    days = groupby(entries, key=lambda entry: local_date(parse_timestamp(entry.activity.at)))
    return [
        ActivityDayView(
            day.isoformat(),
            formatting.weekday(t.language, day.isoformat()),
            [_item(entry, catalogue, t) for entry in of_day],
        )
        for day, of_day in days
    ]


def _item(entry: ActivityEntry, catalogue: Catalogue, t: Translator) -> ActivityItemView:
    activity = entry.activity
    deliveries = activity.delivery_ids or []
    left_out = len(deliveries) - _VISIBLE_DELIVERIES
    are_unknown = activity.delivery_ids is None
    changes = [_change(change, catalogue, t) for change in activity.changes]
    are_first = len(changes) > _VISIBLE_CHANGES and all(change.before is None for change in activity.changes)
    visible = 0 if are_first else _VISIBLE_CHANGES
    left = len(changes) - visible
    query = {"organization_id": activity.organization_id}
    if activity.period_id is not None:
        query["period_id"] = activity.period_id
    return ActivityItemView(
        event_id=activity.event_id,
        clock=value_formatting.clock_time(activity.at, t.language),
        timestamp=activity.at,
        title=t(f"activity.kind.{activity.kind}"),
        by=by_actor(activity.actor, t),
        service=entry.organization_name,
        service_query=urlencode(query),
        period=formatting.period(t.language, activity.period_id) if activity.period_id is not None else "",
        subject=_subject(entry, catalogue, t),
        reason=_reason(activity, t),
        deliveries_label=t.plural("activity.deliveries", len(deliveries)) if deliveries or are_unknown else "",
        deliveries=deliveries[-_VISIBLE_DELIVERIES:],
        more_deliveries=t("activity.more_deliveries", n=left_out) if left_out > 0 else "",
        are_deliveries_unknown=are_unknown,
        changes=changes[:visible],
        more_changes=changes[visible:],
        more_text=t.plural("activity.first" if are_first else "activity.more", left) if left > 0 else "",
    )


def _change(change: ValueChange, catalogue: Catalogue, t: Translator) -> ChangeView:
    field = catalogue.field(change.field_key)
    before, after = (value_formatting.value(each, field.unit, t.language) for each in (change.before, change.after))
    return ChangeView(getattr(field.labels, t.language), before, after)


def _reason(activity: Activity, t: Translator) -> str:
    """Return the reason; that of a failure is one of the program's, in the language of the page."""
    if activity.kind == "failed":
        return t(_FAILURE_KEYS.get(activity.reason or "", "activity.fault"))
    return activity.reason or ""


def _subject(entry: ActivityEntry, catalogue: Catalogue, t: Translator) -> str:
    is_field = entry.field_key not in (None, WHOLE_REPORT) and entry.field_key in catalogue
    field = getattr(catalogue.field(entry.field_key).labels, t.language) if is_field and entry.field_key else ""
    is_rule = any(each.rule_id == entry.rule_id for each in catalogue.rules)  # a later version may have dropped it
    rule = t(f"deviation.{entry.rule_id}.tag") if is_rule else ""
    subject = ": ".join(part for part in (rule, field) if part)
    return t("activity.about", subject=subject) if subject else ""
