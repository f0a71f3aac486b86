"""Jobs: how far an aggregation is and how it ended."""

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from preview.model.resources import JobDocument


class JobHandler(ApiHandler):
    """One job."""

    @operation(
        responses={200: JobDocument, 304: None}, problem_statuses=(404,), request_headers=("If-None-Match",), response_headers=("ETag",)
    )
    async def get(self, job_id: str) -> None:
        """One job: waiting, running, or how it ended."""
        self.send_json(await self.run_blocking(self.services.jobs.get, job_id))
