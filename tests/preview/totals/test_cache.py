"""Totals are kept while the store is unchanged, and read again after any commit."""

from pathlib import Path

import pytest

from preview.core.errors import ValidationError
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.reports.reconcile import ReportConfig
from preview.storage import organizations
from preview.storage.database import Connection, Database
from preview.storage.organizations import OrganizationRow
from preview.totals.cache import TotalsCache


def list_service(connection: Connection, number: int) -> None:
    """Store a listed service of Nordland."""
    row = OrganizationRow(f"org-18{number:02}", "Tjenesten", f"9{number:08}", "", 1)
    organizations.upsert_organization(connection, row)
    organizations.upsert_kommune(connection, row.organization_id, f"18{number:02}", "Kommune")


def test_totals_are_kept_until_the_store_changes(tmp_path: Path, catalogue: Catalogue) -> None:
    database, other = Database(tmp_path / "store.sqlite"), Database(tmp_path / "store.sqlite")
    try:
        cache = TotalsCache(database, ReportConfig(catalogue, suppress=False))
        database.write(lambda connection: list_service(connection, 1))
        first = cache.get(Period(2024), None)
        nordland = cache.get(Period(2024), "18")
        assert cache.get(Period(2024), None) is first
        assert nordland[0].reports is first[0].reports
        assert nordland[1].coverage.expected == 1
        # A listed service has no event; another process has stored it.
        other.write(lambda connection: list_service(connection, 2))
        assert cache.get(Period(2024), "18")[1].coverage.expected == 2
        with pytest.raises(ValidationError):
            cache.get(Period(2024), "30")
    finally:
        database.close()
        other.close()


def test_few_periods_are_kept(tmp_path: Path, catalogue: Catalogue) -> None:
    database = Database(tmp_path / "store.sqlite")
    try:
        cache = TotalsCache(database, ReportConfig(catalogue, suppress=False))
        first = cache.get(Period(2020), None)
        for year in range(2021, 2024):
            cache.get(Period(year), None)
        assert cache.get(Period(2020), None) is first
        cache.get(Period(2024), None)
        cache.get(Period(2025), None)
        assert cache.get(Period(2020), None) is first
        for year in range(2030, 2034):
            cache.get(Period(year), None)
        assert cache.get(Period(2020), None) is not first
    finally:
        database.close()
