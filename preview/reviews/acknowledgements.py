"""Say that a warning or notice is right as it is, and take that back (rule R5, docs/api.md)."""

from preview.core.clock import format_rfc3339, now
from preview.core.errors import Conflict, NotFound
from preview.core.free_text import parse_free_text
from preview.model.resources import MAX_REASON_LENGTH
from preview.model.reviews import ReviewDocument
from preview.reports.reconcile import ReportConfig
from preview.reports.review_states import StoredDeviation, review_audit_row
from preview.reviews.changes import finish_change, load_for_change
from preview.reviews.documents import ReviewedReport, build_review
from preview.storage.database import Connection, Database
from preview.storage.reviews import acknowledgements
from preview.storage.reviews.acknowledgements import AcknowledgementRow


class Acknowledgements:
    """Operations on acknowledgements. All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def acknowledge(
        self,
        organization_id: str,
        period_id: str,
        deviation: tuple[str, str],
        reason: str,
        actor: str,
        if_match: str | None = None,
    ) -> ReviewDocument:
        """Acknowledge a deviation as it is now, in place of an earlier acknowledgement; an equal one changes nothing.

        Args:
            organization_id: The organisation.
            period_id: The period.
            deviation: Rule and field key; `-` for a rule about the whole report.
            reason: Why it is right, 1 to `MAX_REASON_LENGTH` characters.
            actor: Who acknowledges it.
            if_match: Value of `If-Match`: an ETag of the review, or None.

        Returns:
            The review after it.

        Raises:
            NotFound: If there is no such review, or the report has no such deviation.
            Conflict: If the deviation is an error.
            PreconditionFailed: If the review is another version.
            ValidationError: If the reason is invalid.
        """
        reason = parse_free_text(reason, "/reason", MAX_REASON_LENGTH)
        rule_id, field_key = deviation

        def acknowledge_deviation(connection: Connection) -> ReviewDocument:
            report = load_for_change(connection, self._report_config, organization_id, period_id, if_match)
            found = next((each for each in report.deviations if each.key == deviation), None)
            if found is None:
                raise NotFound("The report has no such deviation.")
            if found.severity == "error":
                raise Conflict("An error cannot be acknowledged. It has to be corrected in the source.")
            if _is_held(report, found, reason, actor):
                return build_review(connection, self._report_config, report)
            at = format_rfc3339(now())
            row = AcknowledgementRow(
                organization_id=organization_id,
                period_id=period_id,
                rule_id=rule_id,
                field_key=field_key,
                reason=reason,
                acknowledged_by=actor,
                acknowledged_at=at,
                named_values=found.named_values,
            )
            acknowledgements.upsert(connection, row)
            entry = review_audit_row(
                report.review, actor, "acknowledged", at=at, reason=reason, field_key=field_key, rule_id=rule_id
            )
            return finish_change(connection, self._report_config, entry, "acknowledgement")

        return self._database.write(acknowledge_deviation)

    def take_back(
        self,
        organization_id: str,
        period_id: str,
        deviation: tuple[str, str],
        actor: str,
        if_match: str | None = None,
    ) -> ReviewDocument:
        """Delete an acknowledgement, also one that has lapsed. Arguments and result are those of `acknowledge`.

        Raises:
            NotFound: If there is no such review or acknowledgement.
            PreconditionFailed: If the review is another version.
        """
        rule_id, field_key = deviation

        def delete_acknowledgement(connection: Connection) -> ReviewDocument:
            report = load_for_change(connection, self._report_config, organization_id, period_id, if_match)
            if not acknowledgements.delete(connection, organization_id, period_id, rule_id, field_key):
                raise NotFound("There is no such acknowledgement.")
            entry = review_audit_row(
                report.review, actor, "acknowledgement_deleted", field_key=field_key, rule_id=rule_id
            )
            return finish_change(connection, self._report_config, entry, "acknowledgement")

        return self._database.write(delete_acknowledgement)


def _is_held(report: ReviewedReport, deviation: StoredDeviation, reason: str, actor: str) -> bool:
    """Return whether the deviation, as it is now, has this acknowledgement: a client that has lost the answer sends it
    once more.
    """
    return any(
        (each.rule_id, each.field_key) == deviation.key
        and (each.named_values, each.reason, each.acknowledged_by) == (deviation.named_values, reason, actor)
        for each in report.acknowledgements
    )
