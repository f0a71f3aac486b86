"""Resource reporting period: what everyone works on now, and how far it is (rule P2, docs/api.md)."""

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from preview.model.reviews import ReportingPeriodDocument


class ReportingPeriodHandler(ApiHandler):
    """The reporting period."""

    @operation(
        responses={200: ReportingPeriodDocument, 304: None},
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID"),
    )
    async def get(self) -> None:
        """Get the reporting period: its days and deadline, and how many services have delivered and are approved."""
        document, last_event_id = await self.run_blocking(self.services.reviews.query.reporting_period)
        self.send_json(document, last_event_id=last_event_id)
