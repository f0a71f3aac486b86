"""Contributions by case: on random services they add up to the number, and a case counts the same alone."""

from hypothesis import HealthCheck, given, settings

from preview.core.periods import Period
from preview.form.aggregation import Parameters, aggregate
from preview.form.catalogue import Catalogue
from preview.form.contributions import contributions_by_case
from preview.model.case_records import CaseContent
from tests.preview.form.case_fixtures import CaseBase, melding, sak, tiltak
from tests.preview.form.reference_implementation import ReferenceSource
from tests.preview.form.test_agreement import services


def of_2024(base: CaseBase, *cases: CaseContent) -> Parameters:
    """Return the parameters of a source with these cases, numbered from 1."""
    period = Period(2024)
    return Parameters(
        source_id=base.source(cases),
        format="v4",
        year=0,
        first_day=period.first_day,
        last_day=period.last_day,
        extract_day=period.last_day,
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(service=services())
def test_contributions_add_up_to_every_value(base: CaseBase, service: ReferenceSource) -> None:
    year = service.kostra_year or 0
    kind = "15f" if year else "v4"
    parameters = Parameters(
        source_id=base.source(service.cases, kind, year),
        format=kind,
        year=year,
        first_day=service.first,
        last_day=service.last,
        extract_day=service.extract,
    )
    values = aggregate(base.connection, base.catalogue, parameters)
    for field in base.catalogue.fields:
        parts = contributions_by_case(base.connection, field, parameters)
        assert all(count > 0 for count in parts.values())
        if field.unit == "prosent":
            # Its parts are those over frist, which stand in a field of their own just before.
            before = base.catalogue.fields[field.number - 2]
            assert before.field_key.endswith("_over_frist")
            assert parts == contributions_by_case(base.connection, before, parameters)
        else:
            assert sum(parts.values()) == (values.get(field.key) or 0), field.key


def test_each_case_has_its_own_contribution(base: CaseBase, catalogue: Catalogue) -> None:
    late = melding("2024-03-01", "2024-03-09", 2)
    in_time = melding("2024-03-01", "2024-03-08", 2)
    placed = [tiltak("2023-01-01", kategori="2.1", omsorg=1), tiltak("2024-01-01", kategori="1.1", omsorg=1)]
    parameters = of_2024(
        base, sak(meldinger=[in_time]), sak(meldinger=[late, late, in_time]), sak(tiltak=placed), sak(meldinger=[late])
    )
    found = {key: contributions_by_case(base.connection, catalogue.field(key), parameters) for key in CASES}
    assert found == CASES


CASES = {
    "antall_meldinger_mottatt": {1: 1, 2: 3, 4: 1},
    "antall_meldinger_over_frist": {2: 2, 4: 1},
    "andel_meldinger_innen_frist": {2: 2, 4: 1},
    "antall_barn_under_omsorg": {3: 1},
    "antall_barn_plassert_utenfor_hjemmet": {3: 1},
    "antall_nye_omsorgsovertakelser": {},
    "antall_arsverk": {},
}


def test_deleted_case_does_not_contribute(base: CaseBase, catalogue: Catalogue) -> None:
    parameters = of_2024(base, sak(meldinger=[melding("2024-03-01")]))
    base.connection.execute("UPDATE sak SET slettet = 1 WHERE source = ?", (parameters.source_id,))
    assert contributions_by_case(base.connection, catalogue.field("antall_meldinger_mottatt"), parameters) == {}
