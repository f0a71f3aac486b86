"""Resource deviations: what is unusual in a snapshot, judged against a period (rule A4, docs/api.md)."""

import msgspec

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from api_handlers.request_parsing import PeriodId
from preview.core.languages import LANGUAGES
from preview.form.entries import LocalizedText
from preview.form.rules.base import Severity
from preview.reviews.deviations import JudgedDeviation


class DeviationQueryParams(msgspec.Struct, frozen=True):
    """Query of the deviations: the period to judge against, by default the prior one."""

    compare: PeriodId | None = None


class DeviationDocument(msgspec.Struct, frozen=True):
    """One deviation. `field_key` is `-` for one about the whole report."""

    rule: str
    severity: Severity
    field_key: str
    message: LocalizedText
    acknowledged: bool


class DeviationList(msgspec.Struct, frozen=True):
    """The deviations of a snapshot in form order, none if it has never completed."""

    snapshot_id: str
    compared_period_id: str
    deviations: list[DeviationDocument]


class DeviationListHandler(ApiHandler):
    """The deviations of a snapshot."""

    @operation(
        query=DeviationQueryParams,
        responses={200: DeviationList, 304: None},
        problem_statuses=(404,),
        request_headers=("If-None-Match",),
        response_headers=("ETag", "Last-Event-ID"),
    )
    async def get(self, snapshot_id: str, query: DeviationQueryParams) -> None:
        """List the deviations of a snapshot, judged against its prior period or another one of the same length."""
        judged = await self.run_blocking(self.services.reviews.deviations.judge, snapshot_id, query.compare)
        deviations = [self._to_document(each) for each in judged.deviations]
        document = DeviationList(snapshot_id, str(judged.compared_period), deviations)
        self.send_json(document, last_event_id=judged.position)

    def _to_document(self, judged: JudgedDeviation) -> DeviationDocument:
        deviation = judged.deviation
        message = {
            language: self.services.texts.get(language, deviation.message, **deviation.params) for language in LANGUAGES
        }
        return DeviationDocument(
            deviation.rule_id, deviation.severity, judged.field_key, LocalizedText(**message), judged.is_acknowledged
        )
