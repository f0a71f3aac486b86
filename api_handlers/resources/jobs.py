"""Resource jobs: the progress and outcome of an aggregation (docs/api.md, Jobs)."""

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from preview.model.resources import JobDocument


class JobHandler(ApiHandler):
    """One job."""

    @operation(
        responses={200: JobDocument, 304: None},
        problem_statuses=(404,),
        request_headers=("If-None-Match",),
        response_headers=("ETag",),
    )
    async def get(self, job_id: str) -> None:
        """Get one job: waiting, running, or its outcome."""
        self.send_json(await self.run_blocking(self.services.jobs.get, job_id))
