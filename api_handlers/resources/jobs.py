"""Jobs: how far an aggregation is and how it ended."""

from api_handlers.base import Handler
from api_handlers.operations import operation
from preview.model.resources import JobDocument


class Job(Handler):
    """One job."""

    @operation(answers={200: JobDocument, 304: None}, errors=(404,), heeds=("If-None-Match",), sends=("ETag",))
    async def get(self, job_id: str) -> None:
        """One job: waiting, running, or how it ended."""
        self.reply(await self.call(self.preview.jobs.document, job_id))
