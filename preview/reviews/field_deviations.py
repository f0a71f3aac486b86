"""The deviations of one field in the reports of all services, with the answers to them."""

from dataclasses import dataclass

import msgspec

from preview.core.periods import Period
from preview.form.rules.base import Deviation, Params
from preview.reports.reconcile import ReportConfig
from preview.reports.review_states import StoredDeviation
from preview.reviews.deviations import deviations_of_report
from preview.storage import events, snapshots
from preview.storage.database import Connection, Database
from preview.storage.reviews import acknowledgements, period_reports
from preview.storage.reviews.acknowledgements import AcknowledgementRow

_STORED = msgspec.json.Decoder(list[StoredDeviation])
_NAMED_VALUES = msgspec.json.Decoder(tuple[str, Params])


@dataclass(frozen=True)
class FieldDeviation:
    """A deviation of the field in the report of a service.

    Attributes:
        organization_id: The service.
        deviation: The deviation, whose message shows no withheld value.
        acknowledgement: The acknowledgement that says that exactly this is right as it is; None without one.
    """

    organization_id: str
    deviation: Deviation
    acknowledgement: AcknowledgementRow | None


class FieldDeviationQuery:
    """Read access to the deviations of one field. Its method blocks: call it on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def read(self, field_key: str, period: Period) -> tuple[list[FieldDeviation], int]:
        """Return the deviations of a field in the newest completed reports of a period, as they are stored with these.

        Args:
            field_key: The field.
            period: The period.

        Returns:
            The deviations, ordered by organisation, and the log position that they reflect.
        """

        def read_deviations(connection: Connection) -> tuple[list[FieldDeviation], int]:
            return self._read(connection, field_key, period), events.last_event_id(connection)

        return self._database.read(read_deviations)

    def _read(self, connection: Connection, field_key: str, period: Period) -> list[FieldDeviation]:
        answers = {
            (row.organization_id, row.rule_id, row.named_values): row
            for row in acknowledgements.list_for_field(connection, period.sort_key, field_key)
        }
        found: list[FieldDeviation] = []
        for organization_id, snapshot, stored_json in period_reports.deviations(connection, period.sort_key):
            stored = [each for each in _STORED.decode(stored_json) if each.field_key == field_key]
            if not stored:
                continue
            shown = self._visible(connection, snapshot, field_key) if self._report_config.suppress else {}
            found += [
                FieldDeviation(
                    organization_id,
                    shown.get(each.rule_id) or _restored(each),
                    answers.get((organization_id, each.rule_id, each.named_values)),
                )
                for each in stored
            ]
        return found

    def _visible(self, connection: Connection, snapshot: int, field_key: str) -> dict[str, Deviation]:
        """Return the deviations of a field by rule, judged again: what is stored names withheld values."""
        row = snapshots.snapshot(connection, snapshot)
        assert row is not None
        judged = deviations_of_report(connection, self._report_config, row)
        return {each.deviation.rule_id: each.deviation for each in judged if each.field_key == field_key}


def _restored(stored: StoredDeviation) -> Deviation:
    message, params = _NAMED_VALUES.decode(stored.named_values)
    return Deviation(stored.rule_id, stored.severity, stored.field_key, message, params)
