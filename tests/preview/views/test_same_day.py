"""Comparison with the same days of the prior period (rule 7.3, docs/domain.md): cases worked by hand around the cut-off
day, through the real pipeline.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from preview.core.periods import Period, same_day_of_year_before
from preview.reports.deviation_check import rows_by_severity
from preview.reports.same_day import SameDay, SameDayValues, same_day
from preview.reports.stored_values import stored_values
from preview.runtime.application import Application
from preview.storage import snapshots
from preview.storage.database import Connection
from preview.views.comparison import SAME_DAY
from preview.views.comparison_notes import other_counts
from preview.views.preview import FieldRow, Preview
from tests.builders import case_xml
from tests.builders.case_xml import melding, plan, tiltak, undersokelse
from tests.builders.kostra_xml import annual_file, individ
from tests.builders.kostra_xml import melding as annual_melding
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, open_application

RECEIVED, SHARE, STAFF = "antall_meldinger_mottatt", "andel_meldinger_innen_frist", "antall_arsverk"
OF_2023 = ["2023-01-01", "2023-11-28", "2023-11-29", "2023-11-30", "2023-12-31"]


def deliver_report(
    application: Application, service: SampleService, extract_at: str, meldinger: Sequence[str] = (), **case: Any
) -> Preview:
    """Deliver a case that was first extracted in 2021, aggregate the report of the extract's year, and return it."""
    deliver(application, service.folder(1, "2021-06-01"), service.folder(1, extract_at, meldinger, **case))
    aggregate(application, service.organization_id, extract_at[:4])
    return application.previews.read(service.organization_id, extract_at[:4])


def row(preview: Preview, key: str) -> FieldRow:
    """Return the row of a field."""
    return next(each for each in preview.rows if each.field_key == key)


def compared(preview: Preview, key: str) -> object:
    """Return the compared value of a field."""
    return row(preview, key).compared_value


def rules(preview: Preview, key: str) -> set[str]:
    """Return the rules of a field's deviations."""
    return {deviation.rule_id for deviation in row(preview, key).deviations}


# The day.


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-29", "2025-11-29"),
        ("2028-02-29", "2027-02-28"),  # no such day: the last one of the month
        ("2029-02-28", "2028-02-28"),  # that day, although 2028 has a 29th
        ("2028-03-01", "2027-03-01"),
        ("2026-01-01", "2025-01-01"),
    ],
)
def test_same_day_is_that_of_the_year_before(day: str, expected: str) -> None:
    assert same_day_of_year_before(date.fromisoformat(day)) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("extract_at", "prior_days", "until", "counted"),
    [
        ("2024-11-29T12:00:00+01:00", OF_2023, "2023-11-29", 3),
        # By the clock of Norway it is 30 November already, though not in UTC.
        ("2024-11-29T23:30:00+00:00", OF_2023, "2023-11-30", 4),
        # The last day that can be cut off, and the first.
        ("2024-12-30T12:00:00+01:00", OF_2023, "2023-12-30", 4),
        ("2024-01-01T12:00:00+01:00", OF_2023, "2023-01-01", 1),
        # A leap day is compared with 28 February; 1 March does not count.
        ("2024-02-29T12:00:00+01:00", ["2023-02-27", "2023-02-28", "2023-03-01"], "2023-02-28", 2),
        ("2024-02-28T23:30:00+00:00", ["2023-02-27", "2023-02-28", "2023-03-01"], "2023-02-28", 2),
        # After a leap year the leap day is a day later than the same day.
        ("2025-02-28T12:00:00+01:00", ["2024-02-28", "2024-02-29", "2024-03-01"], "2024-02-28", 1),
    ],
)
def test_prior_period_is_cut_off_at_the_day_of_the_extract(
    application: Application, service: SampleService, extract_at: str, prior_days: list[str], until: str, counted: int
) -> None:
    shown = deliver_report(application, service, extract_at, [*prior_days, f"{extract_at[:4]}-01-01"])
    assert (shown.compare_period_id, shown.compared_until) == (until[:4], until)
    found = row(shown, RECEIVED)
    assert (found.value, found.compared_value, found.change) == (1, counted, 1 - counted)
    assert row(shown, RECEIVED).compared_state == "present"


def test_every_kind_of_field_is_as_it_was_on_that_day(application: Application, service: SampleService) -> None:
    """The fields' definitions hold for 1 January to 29 November 2023, by the case base of 29 November 2024."""
    case = case_xml.folder(
        service.case_id(1),
        uttrekk="2024-11-29T12:00:00+01:00",
        org=service.organisasjonsnummer,
        kommune=service.kommune,
        # Received + 7 days: 27 November in time, 29 November late, 30 November not in the days compared.
        meldinger=[
            melding("2023-11-20", "2023-11-27", "1"),
            melding("2023-11-22", "2023-12-01", "2"),
            melding("2023-11-23", "2023-11-24", "1"),
        ],
        undersokelser=[
            undersokelse("2023-11-01", "2023-11-30", "1"),  # still open on the 29th
            undersokelse("2023-03-01", "2023-11-29", "3"),  # concluded on it
            undersokelse("2023-11-30", None),  # not begun
        ],
        tiltak=[
            tiltak("2023-11-29"),
            tiltak("2023-11-30"),
            tiltak("2022-01-01", "2023-11-29"),
            tiltak("2022-01-01", "2023-11-30"),
        ],
        planer=[plan("2023-01-01", None, "1", evaluert=["2023-11-29", "2023-11-30"])],
    )
    deliver(application, service.folder(1, "2021-06-01"), case)
    aggregate(application, service.organization_id, "2024")
    deliver(application, service.figures(f"2023,{STAFF},10.5,"))
    expected = {
        RECEIVED: 3,
        "antall_meldinger_til_undersokelse": 0,  # concluded on 1 December
        "antall_meldinger_henlagt": 2,
        "antall_meldinger_over_frist": 1,
        SHARE: 50.0,
        "antall_undersokelser_startet": 2,
        "antall_undersokelser_avsluttet": 1,
        "antall_undersokelser_henlagt": 1,
        "antall_undersokelser_apne": 1,
        "antall_nye_hjelpetiltak": 1,
        "antall_avsluttede_hjelpetiltak": 1,
        "antall_barn_med_hjelpetiltak": 1,
        "antall_planevalueringer": 1,
        STAFF: 10.5,  # a figure stands for the whole period
    }
    shown = application.previews.read(service.organization_id)
    assert {key: compared(shown, key) for key in expected} == expected
    aggregate(application, service.organization_id, "2023")
    whole = application.previews.read(service.organization_id, "2024", "2023")
    changed = {RECEIVED: 3, "antall_meldinger_til_undersokelse": 1, SHARE: 66.7, "antall_undersokelser_apne": 1}
    assert {key: compared(whole, key) for key in changed} == changed


def test_half_year_is_cut_off_likewise(application: Application, service: SampleService) -> None:
    deliver_report(application, service, "2024-09-15", ["2023-06-30", "2023-07-01", "2023-09-15", "2023-09-16"])
    aggregate(application, service.organization_id, "2024-H2")
    aggregate(application, service.organization_id, "2024-H1")
    half = application.previews.read(service.organization_id, "2024-H2")
    assert (half.compare_period_id, half.compared_until, compared(half, RECEIVED)) == ("2023-H2", "2023-09-15", 2)
    whole = application.previews.read(service.organization_id, "2024-H1")  # its last day is before the extract
    assert (whole.extract_until, whole.same_day, whole.compared_until) == (None, None, None)


# When it is offered, and when it is chosen.


@pytest.fixture(scope="module")
def provisional(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Application, str]]:
    """Yield an application with 60 meldinger of 2023, 20 of them until 29 November, and 30 of 2024 until that day."""
    service = SampleService()
    with open_application(tmp_path_factory.mktemp("provisional")) as application:
        days = ["2023-05-01"] * 20 + ["2023-12-01"] * 40 + ["2024-05-01"] * 30
        deliver_report(application, service, "2024-11-29", days)
        aggregate(application, service.organization_id, "2023")
        yield application, service.organization_id


@pytest.mark.parametrize(
    ("asked", "until", "value"),
    [
        ((), "2023-11-29", 20),
        (("2024",), "2023-11-29", 20),
        (("2024", SAME_DAY), "2023-11-29", 20),
        (("2024", "2024"), "2023-11-29", 20),  # no other period: the default
        (("2024", "2023"), None, 60),
        (("2024", "2022"), None, None),
        (("2023", SAME_DAY), None, None),  # 2023 is over: the prior period
    ],
)
def test_same_day_is_the_default_of_a_provisional_report(
    provisional: tuple[Application, str], asked: tuple[str, ...], until: str | None, value: int | None
) -> None:
    application, organization_id = provisional
    shown = application.previews.read(organization_id, *asked)
    assert (shown.compared_until, compared(shown, RECEIVED)) == (until, value)
    assert shown.compare_query == (SAME_DAY if until else shown.compare_period_id)


def test_accumulating_fields_are_judged_against_the_same_day_only(provisional: tuple[Application, str]) -> None:
    """30 are 10 more than 20, and 50 per cent; 30 of a part of the year are not compared with 60 of all of it (7.1)."""
    application, organization_id = provisional
    shown = application.previews.read(organization_id)
    assert rules(shown, RECEIVED) == {"stor_endring", "forelopig"}
    (change,) = (each for each in row(shown, RECEIVED).deviations if each.rule_id == "stor_endring")
    assert (change.params["prior"], change.params["prior_period"]) == (20, "2023/2023-11-29")
    sentence = application.texts.get("nb", change.message, **change.params)
    assert sentence.startswith("30 er 10 flere enn i 2023 (til 29. november), da det var 20")
    assert rules(application.previews.read(organization_id, "2024", "2023"), RECEIVED) == {"forelopig"}


@pytest.mark.parametrize(
    ("asked", "counts"),
    [
        ((), {"warning": 0}),  # the page judges a large change up to the day, the overview none of part of a year
        (("2024", SAME_DAY), {"warning": 0}),
        (("2024", "2022"), {}),  # another comparison with as many
        (("2024", "2023"), {}),
    ],
)
def test_page_says_what_the_overview_counts_if_it_differs(
    provisional: tuple[Application, str], asked: tuple[str, ...], counts: dict[str, int]
) -> None:
    application, organization_id = provisional
    (entry,) = application.overviews.read("2024", organization_id).entries
    stored = {"error": entry.errors, "warning": entry.warnings, "notice": entry.notices}
    shown = application.previews.read(organization_id, *(asked or ("2024",)))
    found = [deviation for each in shown.rows for deviation in each.deviations]
    assert {**rows_by_severity(found), **counts} == stored
    assert other_counts(shown) == counts


def test_no_activity_is_judged_up_to_the_same_day(application: Application, service: SampleService) -> None:
    shown = deliver_report(application, service, "2024-11-29", ["2023-05-01"] * 5)
    found = {deviation.rule_id: deviation for deviation in row(shown, RECEIVED).deviations}
    assert set(found) == {"til_null", "ingen_aktivitet", "forelopig"}
    message = application.texts.get("nn", found["ingen_aktivitet"].message, **found["ingen_aktivitet"].params)
    assert message == "Ingen meldingar er komne inn i 2024 (til 29. november)."


def test_stored_document_keeps_the_values_of_the_prior_snapshot(provisional: tuple[Application, str]) -> None:
    application, organization_id = provisional
    shown = application.previews.read(organization_id)
    assert shown.snapshot is not None
    body = application.snapshots.get(shown.snapshot.snapshot_id).body.decode()
    assert f'"field_key":"{RECEIVED}","value":30,"prior_period_value":60' in body


def test_annual_file_of_the_prior_period_is_not_cut_off(application: Application, service: SampleService) -> None:
    child = individ(meldinger=[annual_melding("2023-05-01", "2023-05-02", "1")])
    deliver(application, annual_file(child, org=service.organisasjonsnummer, year=2023, kommune=service.kommune))
    deliver(application, service.folder(1, "2024-11-29", ["2024-05-01"]))
    for period in ("2023", "2024"):
        aggregate(application, service.organization_id, period)
    shown = application.previews.read(service.organization_id, "2024", SAME_DAY)
    assert (shown.extract_until, shown.compared_until, compared(shown, RECEIVED)) == ("2024-11-29", None, 1)
    assert shown.same_day is not None
    assert (shown.same_day.until, shown.same_day.is_offered) == ("2023-11-29", False)


def test_source_that_began_later_is_compared_with_a_caveat(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, "2024-11-29", OF_2023))
    aggregate(application, service.organization_id, "2024")
    shown = application.previews.read(service.organization_id)
    assert compared(shown, RECEIVED) == 3
    assert shown.same_day is not None
    assert shown.same_day.is_incomplete


def test_small_counts_up_to_the_day_are_withheld(data_dir: Path, service: SampleService) -> None:
    children = "antall_barn_med_hjelpetiltak"
    with open_application(data_dir, suppress_small_counts=True) as application:
        shown = deliver_report(application, service, "2024-11-29", tiltak=[tiltak("2023-05-01", "2023-06-01")])
    assert (row(shown, children).compared_value, row(shown, children).compared_state) == (None, "withheld")


# How long values are kept.


def test_values_are_kept_until_the_source_changes(application: Application, service: SampleService) -> None:
    deliver_report(application, service, "2024-11-29", ["2023-05-01"])
    kept = SameDayValues(application.report_config)

    def read(connection: Connection) -> tuple[SameDay, object, object]:
        (snapshot,) = snapshots.list_for_organization(connection, service.organization_id)
        metadata = stored_values(connection, application.report_config, snapshot).metadata
        comparison = same_day(connection, service.organization_id, Period(2024), metadata)
        assert comparison is not None
        values = [kept.get(connection, service.organization_id, comparison) for _ in range(2)]
        assert values[0] is values[1]
        importing = replace(comparison, input=replace(comparison.input, is_importing=True))
        assert kept.get(connection, service.organization_id, importing) is not values[0]
        assert kept.get(connection, service.organization_id, comparison) is values[0]
        return comparison, values[0], values[0].values[RECEIVED]

    _, first, count = application.database.read(read)
    assert count == 1
    deliver(application, service.folder(1, "2024-11-29T18:00:00+01:00", ["2023-05-01", "2023-11-29"]))
    _, second, count = application.database.read(read)
    assert second is not first
    assert count == 2
    kept.drop("org-other")
    assert application.database.read(read)[1] is second
    kept.drop(service.organization_id)
    assert application.database.read(read)[1] is not second
