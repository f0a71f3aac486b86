"""The end of a delivery: it takes effect for one organisation after the other, each with its event in one transaction.

By then everything has been read and prepared, and its outcome is stored: a worker that takes over after a crash tells
the remaining organisations without reading the delivery again.
"""

import time

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.errors import LeaseLost
from preview.core.ids import format_delivery_id
from preview.events.log import SourceReceived, record
from preview.ingest.figure_import import FigureImporter
from preview.reports.reconcile import ReportConfig, reconcile
from preview.storage import audit, deliveries, jobs, organizations
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database
from preview.storage.deliveries import DeliveryRow
from preview.storage.removal import unused


class DebounceSettings(msgspec.Struct, frozen=True):
    """Delay between a delivery and its automatic aggregation, in seconds (rule S6, docs/api.md)."""

    enabled: bool
    debounce_seconds: float
    max_wait_seconds: float


class DeliveryCompletion:
    """Completes one claimed delivery whose outcome is stored."""

    def __init__(
        self, database: Database, report_config: ReportConfig, debounce: DebounceSettings, figures: FigureImporter
    ) -> None:
        self._database = database
        self._report_config = report_config
        self._debounce = debounce
        self._figures = figures
        self._last_organization = ""
        self._to_prepare: str | None = None
        self._is_done = False

    def run(self, row: DeliveryRow) -> None:
        """Tell the organisations in steps, and end the delivery.

        Raises:
            LeaseLost: The delivery was claimed by another worker.
        """
        while not self._is_done:
            self._database.write_in_steps(lambda connection: self.complete_next(connection, row))
            if self._to_prepare is not None:  # Another delivery has changed its figures since they were prepared.
                self._figures.prepare_organizations([self._to_prepare])
                self._to_prepare = None

    def complete_next(self, connection: Connection, row: DeliveryRow) -> bool:
        """Delete what the delivery has replaced, then complete it for one organisation after the other, and end it.

        Returns:
            False if nothing is left, or if the figures of the next organisation have to be prepared again.
        """
        if not deliveries.is_claimed(connection, row):
            raise LeaseLost("The delivery was taken over.")
        # The last cases may have been replaced in the transaction that sealed the delivery.
        if unused.delete_detached_piece(connection, row.delivery):
            return True
        pending = deliveries.next_unreported(connection, row.delivery, self._last_organization)
        if pending is None:
            _end_delivery(connection, row)
            self._is_done = True
            return False
        organization_id, changed_cases, full_at = pending
        has_new_figures = self._figures.use_prepared(connection, organization_id)
        if has_new_figures is None:
            self._to_prepare = organization_id
            return False
        if full_at is not None:
            organizations.set_last_full(connection, organization_id, full_at)
        unlocked = organizations.unlock_and_bump_version(connection, row.delivery, organization_id)
        self._append_source_received(connection, row, organization_id, changed_cases)
        if (unlocked or has_new_figures) and self._debounce.enabled:
            self._schedule_aggregation(connection, organization_id)
        reconcile(connection, self._report_config, organization_id)
        deliveries.set_reported(connection, row.delivery, organization_id)
        self._last_organization = organization_id
        return True

    def _append_source_received(
        self, connection: Connection, row: DeliveryRow, organization_id: str, changed_cases: int
    ) -> None:
        event = SourceReceived(
            delivery_id=format_delivery_id(row.delivery),
            organization_id=organization_id,
            changed_cases=changed_cases,
            received_at=row.received_at,
        )
        audit.append(
            connection,
            [
                AuditRow(
                    at=format_rfc3339(now()),
                    actor=row.actor,
                    action="delivered",
                    organization_id=organization_id,
                    delivery=row.delivery,
                    event=record(connection, event),
                )
            ],
        )

    def _schedule_aggregation(self, connection: Connection, organization_id: str) -> None:
        present = time.time()
        earliest, latest = present + self._debounce.debounce_seconds, present + self._debounce.max_wait_seconds
        jobs.schedule(connection, organization_id, earliest, latest)


def _end_delivery(connection: Connection, row: DeliveryRow) -> None:
    assert row.outcome is not None
    ended = msgspec.structs.replace(
        row,
        delivery_status=row.outcome,
        completed=1.0,
        spool=None,
        worker=None,
        completed_at=format_rfc3339(now()),
    )
    if not deliveries.finish(connection, ended):
        raise LeaseLost("The delivery was taken over.")
