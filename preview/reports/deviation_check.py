"""Compare a snapshot with another period's by the deviation rules (rule 7, docs/domain.md). Pure functions."""

from collections.abc import Mapping

import msgspec

from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.deviations import change_margins, evaluate, redact_hidden
from preview.form.rules.base import Deviation, ReportMetadata
from preview.form.sources import Source, has_system_changed
from preview.form.suppression import suppressed_fields
from preview.form.value_state import ValueState, value_state
from preview.model.file_format import KOSTRA_15F_DATA_SOURCE
from preview.model.resources import Value

_STORED_KEYS = {
    "case_system": "fagsystem",
    "extract_at": "uttrekk",
    "last_full_at": "siste_fulle",
    "is_incomplete": "ufullstendig",
    "findings": "funn",
}


class AggregationMetadata(msgspec.Struct, frozen=True, rename=_STORED_KEYS):
    """What an aggregation read, stored as JSON with the snapshot for the deviation rules.

    `extract_at` is the source's newest DatoUttrekk as `clock.sortable_timestamp` gives it (for a 15F file, the end of
    the year); `extract_day` is its day in Norway, ISO text. `inputs` are those of `AggregationInput`; None if an
    earlier version of the program has aggregated the snapshot.
    """

    data_source: str
    case_system: str
    extract_at: str | None
    last_full_at: str | None
    extract_day: str
    is_incomplete: bool
    findings: int
    case_count: int
    inputs: dict[str, int] | None = None


class SnapshotValues(msgspec.Struct, frozen=True):
    """One snapshot's values and data sources by field key, auxiliary ones too; `hidden` are the suppressed keys.

    All are empty, and `metadata` is None, for a snapshot that has never completed.
    """

    values: dict[str, Value]
    sources: dict[str, str | None]
    hidden: frozenset[str]
    metadata: AggregationMetadata | None

    @classmethod
    def from_rows(
        cls,
        catalogue: Catalogue,
        suppress: bool,
        values: Mapping[str, tuple[Value, str | None]],
        metadata_json: str | None,
    ) -> "SnapshotValues":
        """Build from a snapshot's stored rows.

        Args:
            catalogue: The form.
            suppress: Whether small counts are suppressed (rule 8).
            values: (value, data source) by field key.
            metadata_json: `AggregationMetadata` as JSON; None if the snapshot has never completed.
        """
        metadata = msgspec.json.decode(metadata_json, type=AggregationMetadata) if metadata_json is not None else None
        return cls.of(catalogue, suppress, values, metadata)

    @classmethod
    def of(
        cls,
        catalogue: Catalogue,
        suppress: bool,
        values: Mapping[str, tuple[Value, str | None]],
        metadata: AggregationMetadata | None,
    ) -> "SnapshotValues":
        """Build from values with their data sources, as `from_rows`."""
        raw_values = {key: value for key, (value, _) in values.items()}
        return cls(
            raw_values,
            {key: source for key, (_, source) in values.items()},
            suppressed_fields(catalogue, raw_values) if suppress else frozenset(),
            metadata,
        )

    def visible_value(self, key: str) -> Value:
        """Return the value, or None if it is suppressed or missing."""
        return None if key in self.hidden else self.values.get(key)

    def state(self, key: str) -> ValueState:
        """Return whether there is a value, or why not."""
        return "no_report" if self.metadata is None else value_state(key, self.values, self.hidden)


EMPTY = SnapshotValues({}, {}, frozenset(), None)
"""The values of a snapshot that does not exist."""


def find_deviations(
    catalogue: Catalogue,
    period: Period,
    current: SnapshotValues,
    compared: SnapshotValues,
    compared_period: Period | None = None,
    compared_until: str | None = None,
) -> list[Deviation]:
    """Return the deviations of a snapshot. No message contains a suppressed value.

    The arguments are those of `judge`.
    """
    deviations = judge(catalogue, period, current, compared, compared_period, compared_until)
    return redact_hidden(deviations, current.hidden, compared.hidden)


def judge(
    catalogue: Catalogue,
    period: Period,
    current: SnapshotValues,
    compared: SnapshotValues,
    compared_period: Period | None = None,
    compared_until: str | None = None,
) -> list[Deviation]:
    """Return the deviations of a snapshot as they are stored: their messages may contain suppressed values.

    Args:
        catalogue: The form with its deviation rules.
        period: The snapshot's period.
        current: The snapshot's values.
        compared: The values of the compared period's snapshot, `EMPTY` if there is none.
        compared_period: The period that the snapshot is judged against; None for the prior one (rule 7.2).
        compared_until: ISO day up to which it counts, the same day of the year as the snapshot's extract time; None if
            all of it counts (rule 7.3).

    Returns:
        The deviations; none for a snapshot that has never completed.
    """
    if current.metadata is None:
        return []
    rule_facts = _rule_facts(period, current.metadata, compared, compared_period, compared_until)
    compared_values = compared.values if compared.metadata is not None else None
    return evaluate(catalogue, current.values, compared_values, rule_facts)


def visible_margins(
    catalogue: Catalogue,
    period: Period,
    current: SnapshotValues,
    compared: SnapshotValues,
    compared_period: Period | None = None,
    compared_until: str | None = None,
) -> dict[str, float]:
    """Return by how much a value must differ from the compared one to be a large change, by field key.

    Fields whose change is not judged are absent, and those whose compared value is suppressed. The arguments are those
    of `judge`.
    """
    if current.metadata is None or compared.metadata is None:
        return {}
    visible = {key: value for key, value in compared.values.items() if key not in compared.hidden}
    facts = _rule_facts(period, current.metadata, compared, compared_period, compared_until)
    return change_margins(catalogue, visible, facts)


def _rule_facts(
    period: Period,
    metadata: AggregationMetadata,
    compared: SnapshotValues,
    compared_period: Period | None,
    compared_until: str | None,
) -> ReportMetadata:
    return ReportMetadata(
        period_id=str(period),
        compared_period_id=str(compared_period or period.prior),
        compared_until=compared_until,
        extract_day=metadata.extract_day,
        incomplete=metadata.is_incomplete,
        system_changed=compared.metadata is not None
        and has_system_changed(
            _source_from_metadata(metadata), compared.metadata.data_source, compared.metadata.extract_at
        ),
        findings=metadata.findings,
    )


def rows_by_severity(deviations: list[Deviation]) -> dict[str, int]:
    """Return the number of fields with at least one deviation, by severity."""
    return {
        severity: len({deviation.field_key for deviation in deviations if deviation.severity == severity})
        for severity in ("error", "warning", "notice")
    }


def _source_from_metadata(metadata: AggregationMetadata) -> Source:
    """Return the source as the aggregation read it."""
    return Source(
        source_id=0,
        format="15f" if metadata.data_source == KOSTRA_15F_DATA_SOURCE else "v4",
        year=0,
        version=0,
        first_extract_at=None,
        last_extract_at=metadata.extract_at,
        last_full_at=metadata.last_full_at,
        case_system=metadata.case_system,
    )
