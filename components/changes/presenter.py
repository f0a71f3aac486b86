"""The presenter of changes: from the read model of a report to the view models of its changes, in one language."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from components.changes.changes_view import ChangedSinceView, ChangesView, LastChangeView, MomentMenu, MomentOption
from components.form.row_values import ValueView
from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.actions import by_actor
from preview.activity.last_changes import LastChange
from preview.activity.moments import YESTERDAY
from preview.core.clock import OSLO, local_date, parse_timestamp, today
from preview.core.ids import format_snapshot_id
from preview.model.resources import Value
from preview.views.changes_since import Moment
from preview.views.counted_changes import CountedChanges
from preview.views.preview import FieldRow, Preview

APPROVAL, VISIT = "approval", "visit"
_VISIBLE_DELIVERIES = 5
_OF_ONE_REPORT = frozenset({"snapshot", "event"})


def moment_text(moment: Moment, t: Translator) -> str:
    """Return a moment as the end of a sentence: `godkjenningen 3. mars kl. 14:10`, `i går kl. 16:00`."""
    at = value_formatting.instant(moment.at, t.language) if moment.at else ""
    match moment.kind:
        case "approval":
            return t("changes.moment.approval", instant=at) if at else t("changes.short.approval")
        case "yesterday":
            return t("changes.moment.yesterday", time=value_formatting.clock_time(moment.at, t.language))
        case "snapshot":
            name = format_snapshot_id(moment.number)
            return t("changes.moment.snapshot", instant=at, id=name) if at else t("changes.moment.deleted", id=name)
        case "event":
            return t("changes.moment.event", number=str(moment.number))
        case "time":
            return at


def _short_text(moment: Moment, t: Translator) -> str:
    """Return a moment in a few words: `godkjenningen`, `25. mars kl. 15:00`, `snap-003`."""
    match moment.kind:
        case "approval":
            return t("changes.short.approval")
        case "snapshot":
            return format_snapshot_id(moment.number)
        case "time":
            day = local_date(parse_timestamp(moment.at))
            short_day = value_formatting.short_day(day, t.language, with_year=day.year != today().year)
            return f"{short_day} {value_formatting.clock_time(moment.at, t.language)}"
        case _:
            return moment_text(moment, t)


def present_menu(
    requested: str,
    moment: Moment | None,
    query: Mapping[str, str],
    offered: Sequence[tuple[str, str, str]],
    t: Translator,
    *,
    is_named: bool,
) -> MomentMenu:
    """Return the choice of a moment.

    Args:
        requested: The moment as the address names it; empty if none was chosen.
        moment: The moment; None without one.
        query: The query of the page without a moment.
        offered: Value, text and note of each moment that the page offers.
        t: The texts.
        is_named: Whether the button names the moment, because it stands beside what is of that moment.
    """
    chosen = requested or (APPROVAL if moment and moment.kind == "approval" else "")
    options = [
        MomentOption(value, value, text, note, urlencode({**query, "since": value}), value == chosen)
        for value, text, note in offered
    ]
    options.append(MomentOption(VISIT, "", t("changes.option.visit"), "", ""))
    if requested:
        options.append(MomentOption("none", "", t("changes.option.none"), "", urlencode(query)))
    return MomentMenu(
        requested=requested,
        short=_short_text(moment, t) if moment and is_named else "",
        query=query,
        options=options,
        local_time=_local_time(moment) if moment and moment.kind == "time" else "",
    )


def present_changes(preview: Preview, t: Translator) -> ChangesView:
    """Return the choice of a moment for a report, and what has changed since then."""
    changes = preview.changes
    moment, count = changes.moment, len(changes.before)
    is_of_report = (moment is not None and moment.kind in _OF_ONE_REPORT) or changes.obstacle == "invalid"
    query = {
        "organization_id": preview.organization_id,
        "period_id": preview.period_id,
        "compare": preview.compare_query,
    }
    return ChangesView(
        # Without a choice, the filter that the moment is of is only offered if something has changed.
        menu=present_menu(
            changes.requested, moment, query, _offered(preview, t), t, is_named=bool(changes.requested or count)
        ),
        kept="" if is_of_report else changes.requested,
        moment=moment_text(moment, t) if moment else "",
        summary=_summary(preview, t) if changes.requested else "",
        is_known=not changes.obstacle,
        count=count,
    )


def changed_since(row: FieldRow, preview: Preview, current: ValueView, t: Translator) -> ChangedSinceView | None:
    """Return the change of a field since the moment; None if it has not changed, or there is no moment.

    Args:
        row: The field.
        preview: The report.
        current: The present value.
        t: The texts.
    """
    changes = preview.changes
    then = changes.before.get(row.field_key)
    if then is None or changes.moment is None:
        return None
    before = _value(then.value, row.unit, is_withheld=then.is_withheld, t=t)
    label = "approval.before" if changes.moment.kind == "approval" else "changes.before"
    # Where there was no value, nothing is to be said of it in the row.
    note = t(label, value=before.text) if then.value is not None or then.is_withheld else ""
    return ChangedSinceView(moment_text(changes.moment, t), note, before, current)


def last_change(row: FieldRow, preview: Preview, t: Translator) -> LastChangeView | None:
    """Return the newest change of a field; None if it is not known."""
    change = preview.changes.last.get(row.field_key)
    if change is None:
        return None
    deliveries = change.delivery_ids or []
    left_out = len(deliveries) - _VISIBLE_DELIVERIES
    are_unknown = change.delivery_ids is None
    query = {
        "organization_id": preview.organization_id,
        "before": change.event_id + 1,
        "period_id": preview.period_id,
    }
    return LastChangeView(
        when=value_formatting.instant(change.at, t.language),
        before=_value(change.before, row.unit, is_withheld=change.before_withheld, t=t),
        after=_value(change.after, row.unit, is_withheld=change.after_withheld, t=t),
        by=_by(change, t),
        reason=change.reason or "",
        deliveries_label=t.plural("activity.deliveries", len(deliveries)) if deliveries or are_unknown else "",
        deliveries=tuple(deliveries[-_VISIBLE_DELIVERIES:]),
        more_deliveries=t("activity.more_deliveries", n=left_out) if left_out > 0 else "",
        are_deliveries_unknown=are_unknown,
        activity_query=urlencode(query),
        event_id=change.event_id,
    )


def _by(change: LastChange, t: Translator) -> str:
    what = "activity.kind.deleted" if change.is_deletion else "activity.kind.aggregated"
    return f"{t(what)} {by_actor(change.actor, t)}"


def _value(value: Value, unit: str, *, is_withheld: bool, t: Translator) -> ValueView:
    if is_withheld:
        return ValueView(t("absence.sign.withheld"), t("absence.spoken.withheld"))
    if value is None:
        return ValueView(value_formatting.ABSENT, t("changes.no_value"))
    return ValueView(value_formatting.value(value, unit, t.language))


def _summary(preview: Preview, t: Translator) -> str:
    changes = preview.changes
    if changes.obstacle:
        return t(f"changes.obstacle.{changes.obstacle}")
    if changes.moment is None:  # the report has never completed
        return ""
    moment, count = moment_text(changes.moment, t), len(changes.before)
    if not count:
        return t("changes.none", moment=moment)
    if _has_come_since(preview):
        return t("changes.all_new", moment=moment)
    return t.plural("changes.count", count, moment=moment)


def _has_come_since(preview: Preview) -> bool:
    """Return whether the report had no value at all at the moment."""
    before = preview.changes.before
    had_none = all(then.value is None and not then.is_withheld for then in before.values())
    return had_none and all(row.field_key in before for row in preview.rows if row.state == "present")


def usual_moments(t: Translator) -> list[tuple[str, str, str]]:
    """Return value, text and note of the moments that many reports have."""
    return [(APPROVAL, t("changes.option.approval"), ""), (YESTERDAY, t("changes.option.yesterday"), "")]


def counted_sentence(changes: CountedChanges | None, t: Translator) -> str:
    """Return what the numbers of changed fields count, or why there are none; empty if no moment was chosen."""
    if changes is None:
        return ""
    if changes.moment is None:
        return t(f"changes.obstacle.{changes.obstacle}")
    return t("changes.counted", moment=moment_text(changes.moment, t))


def _offered(preview: Preview, t: Translator) -> Sequence[tuple[str, str, str]]:
    """Return value, text and note of the moments that a report offers."""
    approval = preview.review.document.approval if preview.review else None
    offered = [(YESTERDAY, t("changes.option.yesterday"), "")]
    if approval is not None:
        note = value_formatting.instant(approval.approved_at, t.language)
        offered.insert(0, (APPROVAL, t("changes.option.approval"), note))
    return offered + [
        (
            snapshot.snapshot_id,
            t("changes.option.snapshot", id=snapshot.snapshot_id),
            value_formatting.instant(snapshot.aggregated_at, t.language),
        )
        for snapshot in preview.changes.older
    ]


def _local_time(moment: Moment) -> str:
    return parse_timestamp(moment.at).astimezone(OSLO).strftime("%Y-%m-%dT%H:%M")
