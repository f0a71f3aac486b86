"""Tests of reports from 15F files: worked examples (rule 11, docs/domain.md), what the format lacks (rule 2.5), and the
source of a period that also has v4 data (rule 5.3).
"""

from pathlib import Path
from typing import Any

import pytest

from preview.cli.file_report import report
from preview.core.errors import ValidationError
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.model.resources import SnapshotDocument, Value
from preview.runtime.application import Application
from tests.builders import kostra_xml
from tests.builders.kostra_xml import flytting, individ, lovhjemmel, melding, plan, tiltak, undersokelse
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, document, events, open_application, values, wait_until

RECEIVED = "antall_meldinger_mottatt"
NO_FIGURES: dict[int, Value] = {33: None, 34: None}
NO_TILSYN: dict[int, Value] = {29: None}
NO_FLYTTING: dict[int, Value] = {30: None, 31: None}
NOTHING_DUE: dict[int, Value] = {5: None, 12: None}
FIELDS = {field.field_key: field.number for field in Catalogue.load().fields}

OK_2020: dict[int, Value] = {1: 9, 2: 2, 3: 7, 5: 100.0, 6: 5, 7: 5, 8: 5, 11: 1, 12: 80.0, 22: 1, 24: 1, **NO_FLYTTING}
ALL_FIELDS_2020: dict[int, Value] = {**dict.fromkeys((1, 3, 6, 7, 8, 11, 22, 24, 28, 30), 1), 5: 100.0, 12: 0.0}


def arsfil(service: SampleService, *individer_: str, year: int = 2020, **more: Any) -> bytes:
    """Return a 15F file of the service."""
    return kostra_xml.annual_file(
        *individer_, org=service.organisasjonsnummer, kommune=service.kommune, year=year, **more
    )


def values_by_number(actual: SnapshotDocument) -> dict[int, Value]:
    """Return values by the number of their field."""
    return {FIELDS[key]: value for key, value in values(actual).items()}


def aggregated_values(application: Application, organization_id: str, period_id: str = "2020") -> dict[int, Value]:
    """Aggregate a new snapshot and return its values."""
    return values_by_number(
        document(application, aggregate(application, organization_id, period_id, force=True).snapshot_id)
    )


def with_zeros(named: dict[int, Value]) -> dict[int, Value]:
    """Fields that are not named are 0."""
    return dict.fromkeys(range(1, 35), 0) | NO_TILSYN | NO_FIGURES | named


# The published files (11, and what their README says).


@pytest.mark.parametrize(
    ("name", "organization_id", "expected"),
    [
        ("Testfil_21_OK_2020_15F_for_3401.xml", "org-3401", OK_2020),
        ("testfile_all_fields_set.xml", "org-0301-02", ALL_FIELDS_2020),
    ],
)
def test_published_file_gives_the_values_of_the_domain(
    data_dir: Path, cases: Path, name: str, organization_id: str, expected: dict[int, Value]
) -> None:
    with open_application(data_dir) as application:
        imported = deliver(application, (cases / "kostra-15f" / name).read_bytes())
        assert (imported.organizations, {finding.severity for finding in imported.findings} & {"error", "refused"}) == (
            [organization_id],
            set(),
        )
        assert aggregated_values(application, organization_id) == with_zeros(expected)


def test_published_file_with_findings_is_counted(data_dir: Path, cases: Path) -> None:
    with open_application(data_dir) as application:
        imported = deliver(application, (cases / "kostra-15f" / "Testfil_04_FEIL_2020_15F_for_3401.xml").read_bytes())
        assert (imported.new_cases, [finding.code for finding in imported.findings].count("lovhjemmel")) == (50, 24)
        assert {1: 18, 6: 9, 13: 14, 15: 21}.items() <= aggregated_values(application, "org-3401").items()


def test_report_command_counts_a_published_file(cases: Path) -> None:
    (actual,) = report([cases / "kostra-15f" / "Testfil_21_OK_2020_15F_for_3401.xml"], Period(2020), None)
    assert values_by_number(actual) == with_zeros(OK_2020)


def test_report_command_explains_a_refused_file(cases: Path) -> None:
    with pytest.raises(ValidationError, match=r"File 1, line 3: The Organisasjonsnummer"):
        report([cases / "kostra-15f" / "Testfil_01_FEIL_2020_15F_ugyldig_xml.xml"], Period(2020), None)


# Files of our own, so that the same is seen without the published ones.


def test_built_file_gives_the_expected_values(application: Application, service: SampleService) -> None:
    care = individ(
        fodselsnummer="01011050012",
        meldinger=[
            melding("2020-01-10", "2020-01-17", "2", [undersokelse("2020-01-17", "2020-04-17", id="U1")]),
            melding("2020-01-12", "2020-01-30", "4", [undersokelse("2020-01-17", "2020-04-17", id="U1")]),
        ],
        planer=[plan("2020-05-01", type="4", evaluert="2020-11-01")],
        tiltak=[
            tiltak("2020-01-11", "2020-05-01", "2.5", lov="bvl 4-6", ledd="2"),
            tiltak("2020-05-01", None, "2.2", lov="BVL 4-12", jmfr=[lovhjemmel("bvl 4-4", "JmfrLovhjemmel")]),
        ],
    )
    aftercare = individ(
        fodselsnummer="01010150012", tiltak=[tiltak("2019-01-02", kategori="8.2", lov="BVL 1-3")], start="2019-01-01"
    )
    dismissed = individ(
        meldinger=[melding("2020-03-01", "2020-03-05", "2", [undersokelse("2020-03-05", "2020-07-01", "3")])],
        slutt="2020-07-01",
    )
    deliver(application, arsfil(service, care, aftercare, dismissed))
    # Deadlines: meldinger of 10 and 12 January, 1 March; undersøkelser of 17 January and 8 March plus three months.
    expected: dict[int, Value] = {1: 3, 2: 2, 4: 1, 5: 66.7, 6: 2, 7: 2, 8: 1, 9: 1, 11: 1, 12: 50.0}
    expected |= {13: 1, 17: 1, 18: 2, 19: 1, 21: 1, 22: 1, 23: 1, 26: 1, 27: 1, 28: 1, 32: 1}
    assert aggregated_values(application, service.organization_id) == with_zeros(expected | NO_FLYTTING)


def test_report_command_counts_a_built_file(tmp_path: Path, service: SampleService) -> None:
    for year in (2020, 2021):
        days = [f"{year}-03-0{nr}" for nr in range(1, year - 2018)]
        (tmp_path / f"{year}.xml").write_bytes(
            arsfil(service, individ(meldinger=[melding(day) for day in days]), year=year)
        )
    (actual,) = report([tmp_path], Period(2021), None)
    row = next(field for section in actual.sections for field in section.fields if field.field_key == RECEIVED)
    assert (actual.organization_id, row.value, row.prior_period_value, row.data_source) == (
        service.organization_id,
        2,
        1,
        "kostra-15f",
    )


# What a file can supply (2.3, 2.5).


def test_15f_supplies_its_year_and_half_years_only(application: Application, service: SampleService) -> None:
    days = ["2019-12-30", "2020-06-30", "2020-07-01", "2020-12-31", "2021-01-01"]
    deliver(application, arsfil(service, individ(start="2019-01-01", meldinger=[melding(day) for day in days])))
    found = {
        period_id: aggregated_values(application, service.organization_id, period_id)[1]
        for period_id in ("2020", "2020-H1", "2020-H2")
    }
    assert found == {"2020": 3, "2020-H1": 1, "2020-H2": 2}
    for period_id in ("2019", "2019-H2", "2021", "2021-H1"):
        with pytest.raises(ValidationError):
            application.snapshots.request(service.organization_id, period_id, False, "test")


def test_deadlines_are_evaluated_on_31_december(application: Application, service: SampleService) -> None:
    """The extract time is 31 December: a deadline on that day has not passed, one on the day before has."""
    deliver(application, arsfil(service, individ(meldinger=[melding(day) for day in ("2020-12-23", "2020-12-24")])))
    assert aggregated_values(application, service.organization_id)[4] == 1
    deviations = [
        finding.rule_id
        for row in application.previews.read(service.organization_id, "2020").rows
        for finding in row.deviations
    ]
    assert "forelopig" not in deviations


@pytest.mark.parametrize(
    ("year", "moves", "expected"),
    [(2021, [], (None, None)), (2021, ["2021-05-01"], (1, 1)), (2022, [], (0, 0)), (2022, ["2022-05-01"], (1, 1))],
)
def test_flyttinger_are_supplied_from_2022(
    application: Application, service: SampleService, year: int, moves: list[str], expected: tuple[Value, Value]
) -> None:
    deliver(
        application,
        arsfil(service, individ(start="2021-01-01", flyttinger=[flytting(day) for day in moves]), year=year),
    )
    found = aggregated_values(application, service.organization_id, str(year))
    assert (found[30], found[31]) == expected


def test_flyttinger_are_detected_per_bydel(application: Application, service: SampleService) -> None:
    deliver(application, arsfil(service, individ(bydel="01", flyttinger=[flytting("2020-05-01")]), individ(bydel="02")))
    assert [aggregated_values(application, f"{service.organization_id}-{bydel}")[30] for bydel in ("01", "02")] == [
        1,
        None,
    ]


def test_data_source_is_set_for_all_supplied_fields(application: Application, service: SampleService) -> None:
    deliver(application, arsfil(service, individ()))
    actual = document(application, aggregate(application, service.organization_id, "2020").snapshot_id)
    found = {FIELDS[field.field_key]: field.data_source for section in actual.sections for field in section.fields}
    cannot = {29, 30, 31, 33, 34}
    assert found == {number: None if number in cannot else "kostra-15f" for number in range(1, 35)}


def test_an_unknown_law_is_counted_as_a_hjelpetiltak(application: Application, service: SampleService) -> None:
    deliver(
        application, arsfil(service, individ(tiltak=[tiltak("2020-02-01", kategori="2.2", lov="Barnevernloven 4-12")]))
    )
    assert {13: 1, 15: 1, 17: 0, 18: 1, 22: 0}.items() <= aggregated_values(
        application, service.organization_id
    ).items()


# Beside folders (5.3).


def source_summary(application: Application, service: SampleService, period_id: str) -> tuple[str, bool, Value]:
    """Aggregate a new snapshot; return its data source, whether it is incomplete, and field no. 1."""
    found = aggregated_values(application, service.organization_id, period_id)[1]
    source = application.previews.read(service.organization_id, period_id).source
    assert source is not None
    return source.data_source, source.incomplete, found


def test_15f_is_used_if_folders_began_later(application: Application, service: SampleService) -> None:
    deliver(application, arsfil(service, individ(meldinger=[melding("2020-05-01")])))
    made = aggregate(application, service.organization_id, "2020").snapshot_id
    deliver(application, service.folder(1, "2021-01-01", ["2020-05-01", "2020-06-01"]))
    assert document(application, made).cache_valid
    assert source_summary(application, service, "2020") == ("kostra-15f", False, 1)
    assert source_summary(application, service, "2020-H1") == ("kostra-15f", False, 1)
    assert source_summary(application, service, "2021") == ("fagsystem-testsystem", False, 0)
    deliver(application, service.folder(2, "2020-12-31", ["2020-05-01"]))  # its first DatoUttrekk lies in the year now
    assert source_summary(application, service, "2020") == ("fagsystem-testsystem", False, 3)
    assert source_summary(application, service, "2020-H1") == ("kostra-15f", False, 1)
    assert source_summary(application, service, "2020-H2") == ("fagsystem-testsystem", False, 0)


def test_snapshot_is_stale_if_another_source_is_selected(application: Application, service: SampleService) -> None:
    def delivered(data: bytes) -> list[str]:
        """Return the periods whose snapshots the delivery makes stale."""
        position = events(application)[-1].event_id
        deliver(application, data)
        actual = [row for row in events(application, position) if row.type == "cache_invalidated"]
        assert all(b'"source_changed"' in row.data for row in actual)
        return [str(row.period_id) for row in actual]

    deliver(application, service.folder(1, "2021-02-01", ["2020-05-01", "2020-06-01"]))
    found = [source_summary(application, service, "2020")]
    aggregate(application, service.organization_id, "2021")
    assert delivered(arsfil(service, individ(meldinger=[melding("2020-05-01")]))) == ["2020"]
    found.append(source_summary(application, service, "2020"))
    assert delivered(service.folder(1, "2021-02-02", ["2020-05-01", "2020-06-01", "2020-07-01"])) == ["2021"]
    assert sorted(delivered(service.folder(2, "2020-11-01"))) == ["2020"]
    found.append(source_summary(application, service, "2020"))
    assert found == [("fagsystem-testsystem", True, 2), ("kostra-15f", False, 1), ("fagsystem-testsystem", False, 3)]


def test_unselected_15f_file_makes_no_snapshot_stale(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, "2020-11-01", ["2020-05-01"]))
    made = aggregate(application, service.organization_id, "2020").snapshot_id
    deliver(application, arsfil(service, individ()))
    assert document(application, made).cache_valid
    assert source_summary(application, service, "2020") == ("fagsystem-testsystem", False, 1)


def test_prior_15f_is_no_case_system_change(application: Application, service: SampleService) -> None:
    deliver(application, arsfil(service, individ(meldinger=[melding("2020-05-01")])))
    deliver(application, service.folder(1, "2021-05-01", ["2021-02-01", "2021-03-01"]))
    aggregated_values(application, service.organization_id, "2020")
    actual = document(application, aggregate(application, service.organization_id, "2021").snapshot_id)
    row = next(field for section in actual.sections for field in section.fields if field.field_key == RECEIVED)
    assert (row.value, row.prior_period_value) == (2, 1)
    rows = application.previews.read(service.organization_id, "2021").rows
    assert "kilde_endret" not in {finding.rule_id for row in rows for finding in row.deviations}


def test_15f_of_open_year_is_aggregated_automatically(data_dir: Path, service: SampleService) -> None:
    settings: dict[str, Any] = {"auto_aggregate": True, "auto_quiet_seconds": 0.0, "open_periods": (Period(2020),)}

    def shown(application: Application) -> list[tuple[str, Value]]:
        rows, *_ = application.snapshots.page(service.organization_id, None, None, 1, 10)
        return [
            (row.period_id, values(document(application, row.snapshot_id))[RECEIVED]) for row in rows if row.cache_valid
        ]

    with open_application(data_dir, **settings) as application:
        deliver(application, arsfil(service, individ(meldinger=[melding("2020-05-01")])))
        wait_until(lambda: shown(application) == [("2020", 1)], "the first snapshot")
        deliver(application, arsfil(service, individ(meldinger=[melding("2020-05-01"), melding("2020-05-02")])))
        wait_until(lambda: shown(application) == [("2020", 2)], "the snapshot of the later file")
