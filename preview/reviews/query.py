"""Read reviews, and how far the reporting period is (rules R1 and P2, docs/api.md)."""

from preview.core.clock import today
from preview.core.settings import Settings
from preview.model.reviews import ReportingPeriodDocument, ReviewDocument
from preview.reports.reconcile import ReportConfig
from preview.reviews.documents import RenderedReview, build_review, load_report, render_review
from preview.storage import events
from preview.storage.database import Connection, Database
from preview.storage.reviews import states


class ReviewQuery:
    """Read access to reviews. All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig, settings: Settings) -> None:
        self._database = database
        self._report_config = report_config
        self._settings = settings

    def get(self, organization_id: str, period_id: str) -> tuple[RenderedReview, int]:
        """Return the review of a report, and the log position that it reflects.

        Raises:
            NotFound: If the report has no completed snapshot.
        """

        def load(connection: Connection) -> tuple[RenderedReview, int]:
            report = load_report(connection, organization_id, period_id)
            return render_review(connection, self._report_config, report), events.last_event_id(connection)

        return self._database.read(load)

    def page(
        self, organization_id: str | None, period_id: str | None, review_status: str | None, page: int, limit: int
    ) -> tuple[list[ReviewDocument], int, int]:
        """Return one page of the reviews that pass the filters, newest period first.

        Returns:
            The reviews, the number of all that pass, and the log position that the answer reflects.
        """

        def load_page(connection: Connection) -> tuple[list[ReviewDocument], int, int]:
            rows, total = states.page(connection, organization_id, period_id, review_status, limit, (page - 1) * limit)
            reviews = [
                build_review(
                    connection, self._report_config, load_report(connection, row.organization_id, row.period_id)
                )
                for row in rows
            ]
            return reviews, total, events.last_event_id(connection)

        return self._database.read(load_page)

    def reporting_period(self) -> tuple[ReportingPeriodDocument, int]:
        """Return the reporting period and how far it is, and the log position that the answer reflects."""
        period = self._settings.reporting_period_on(today())
        deadline = self._settings.reporting_deadline

        def load(connection: Connection) -> tuple[ReportingPeriodDocument, int]:
            expected, delivered, approved = states.counts_of_listed(connection, str(period))
            document = ReportingPeriodDocument(
                period_id=str(period),
                first_day=period.first_day.isoformat(),
                last_day=period.last_day.isoformat(),
                deadline=deadline.isoformat() if deadline else None,
                expected_organizations=expected,
                delivered_organizations=delivered,
                approved_organizations=approved,
            )
            return document, events.last_event_id(connection)

        return self._database.read(load)
