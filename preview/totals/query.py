"""Reads totals, their explanation, and one field everywhere (rules T1 to T4, docs/api.md)."""

from collections.abc import Collection, Mapping, Sequence

from preview.core.clock import today
from preview.core.errors import NotFound
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.form.entries import Field
from preview.reports.reconcile import ReportConfig
from preview.storage.database import Database
from preview.totals.cache import TotalsCache
from preview.totals.contributions import Contributions, contributions_to_change
from preview.totals.data import TotalsData
from preview.totals.documents import ServiceValue, TotalsDocument
from preview.totals.field_list import FieldEntry, SortKey, field_entries, field_list
from preview.totals.selection import ScopeTotals, totals_with_context
from preview.totals.service_numbers import ServiceNumber, numbers_by_service
from preview.totals.view import Totals, totals_document


class TotalsQuery:
    """Read access to totals. All methods block: call them on a thread.

    The period is the reporting period where none is given; the county is the whole country where none is given.
    All raise `ValidationError` if `period_id` is no period or `county` no county of its year.
    """

    def __init__(self, database: Database, report_config: ReportConfig, settings: Settings) -> None:
        self._cache = TotalsCache(database, report_config)
        self._report_config = report_config
        self._settings = settings

    def on_erased(self, _: str) -> None:
        """Keep no totals in memory: they are made from the values of the organisation that is being erased too."""
        self._cache.clear()

    def document(self, period_id: str | None, county: str | None) -> tuple[TotalsDocument, int]:
        """Return the resource of the totals, and the log position that it reflects."""
        totals = self.read(period_id, county)
        return totals_document(self._report_config.catalogue, totals), totals.position

    def read(self, period_id: str | None, county: str | None) -> Totals:
        """Return the totals."""
        return self._get(period_id, county)[1]

    def period(self, period_id: str | None) -> Period:
        """Return the period that totals are of if this one is asked for."""
        return Period.parse(period_id) if period_id is not None else self._settings.reporting_period_on(today())

    def explain(
        self, field_keys: Collection[str], period_id: str | None, county: str | None, limit: int
    ) -> tuple[Totals, dict[str, Contributions | None]]:
        """Return the totals, and which services contribute most to the change of some fields.

        Args:
            field_keys: The fields; each must be one of the form.
            period_id: The period.
            county: The county.
            limit: The most services that are returned of each field.

        Returns:
            The totals, and the contributions by key of the field, of the same state of the store. None for a field
            without a change to explain, or with one that must not be shown.
        """
        catalogue = self._report_config.catalogue
        data, totals = self._get(period_id, county)
        return totals, {
            total.field_key: contributions_to_change(data, catalogue.field(total.field_key), total, limit)
            for total in totals.fields
            if total.field_key in field_keys
        }

    def field_list(
        self, field_key: str, period_id: str | None, county: str | None, sort: SortKey
    ) -> tuple[str, list[ServiceValue], int]:
        """Return a field of every service in a given order.

        Args:
            field_key: The field.
            period_id: The period.
            county: The county.
            sort: The order.

        Returns:
            The id of the period, the rows, and the log position that they reflect.

        Raises:
            NotFound: The form has no such field.
        """
        field = self._field(field_key)
        data, _ = self._get(period_id, county)
        return str(data.period), field_list(data, field, sort), data.position

    def field_entries(
        self, field_key: str, period_id: str | None, county: str | None, sort: SortKey
    ) -> tuple[Totals, list[FieldEntry]]:
        """Return the totals, and a field of every service as `field_list` with what a page shows beside.

        Raises:
            NotFound: The form has no such field.
        """
        field = self._field(field_key)
        data, totals = self._get(period_id, county)
        return totals, field_entries(data, field, sort)

    def service_numbers(
        self, fields: Sequence[Field], period_id: str | None
    ) -> Mapping[str, tuple[ServiceNumber, ...]]:
        """Return some fields of every service, in the order of the fields, by id of the organisation."""
        return numbers_by_service(self._get(period_id, None)[0], fields)

    def selection(
        self,
        fields: Sequence[Field],
        period_id: str | None,
        organization_ids: Collection[str] | None,
        selected_county: str,
    ) -> list[ScopeTotals]:
        """Return the totals of some fields over selected services, below those of the county and the country.

        Args:
            fields: The fields.
            period_id: The period.
            organization_ids: The services; None for all.
            selected_county: The number of the county that was chosen; empty for none, and any other text counts so.
        """
        return totals_with_context(self._get(period_id, None)[0], fields, organization_ids, selected_county)

    def _field(self, field_key: str) -> Field:
        if field_key not in self._report_config.catalogue:
            raise NotFound("The form has no such field. Get /api/v1/report-fields for its fields.")
        return self._report_config.catalogue.field(field_key)

    def _get(self, period_id: str | None, county: str | None) -> tuple[TotalsData, Totals]:
        return self._cache.get(self.period(period_id), county)
