"""What a number counts, case by case: on random services the parts make up the number, and a case alone counts as it does among others."""

from hypothesis import HealthCheck, given, settings

from preview.core.periods import Period
from preview.form.aggregation import Parameters, aggregate
from preview.form.catalogue import Catalogue
from preview.form.explaining import counts
from preview.model.case_records import Innhold
from tests.preview.form.case_fixtures import CaseBase, melding, sak, tiltak
from tests.preview.form.reference_implementation import Service
from tests.preview.form.test_agreement import services


def of_2024(base: CaseBase, *cases: Innhold) -> Parameters:
    """A source with these cases, numbered from 1."""
    period = Period(2024)
    return Parameters(kilde=base.source(cases), format="v4", aar=0, fra=period.first, til=period.last, uttrekk=period.last)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(service=services())
def test_the_parts_of_the_cases_make_up_every_number(base: CaseBase, service: Service) -> None:
    year = service.kostra_year or 0
    kind = "15f" if year else "v4"
    parameters = Parameters(
        kilde=base.source(service.cases, kind, year), format=kind, aar=year, fra=service.first, til=service.last, uttrekk=service.extract
    )
    values = aggregate(base.connection, base.catalogue, parameters)
    for field in base.catalogue.fields:
        parts = counts(base.connection, field, parameters)
        assert all(count > 0 for count in parts.values())
        if field.unit == "prosent":
            # Its parts are those over frist, which stand in a field of their own just before.
            before = base.catalogue.fields[field.number - 2]
            assert before.field_key.endswith("_over_frist")
            assert parts == counts(base.connection, before, parameters)
        else:
            assert sum(parts.values()) == (values.get(field.key) or 0), field.key


def test_each_case_has_its_own_part(base: CaseBase, catalogue: Catalogue) -> None:
    late = melding("2024-03-01", "2024-03-09", 2)
    in_time = melding("2024-03-01", "2024-03-08", 2)
    placed = [tiltak("2023-01-01", kategori="2.1", omsorg=1), tiltak("2024-01-01", kategori="1.1", omsorg=1)]
    parameters = of_2024(base, sak(meldinger=[in_time]), sak(meldinger=[late, late, in_time]), sak(tiltak=placed), sak(meldinger=[late]))
    found = {key: counts(base.connection, catalogue.field(key), parameters) for key in CASES}
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


def test_a_case_that_is_taken_out_is_not_looked_at(base: CaseBase, catalogue: Catalogue) -> None:
    parameters = of_2024(base, sak(meldinger=[melding("2024-03-01")]))
    base.connection.execute("UPDATE sak SET slettet = 1 WHERE kilde = ?", (parameters.kilde,))
    assert counts(base.connection, catalogue.field("antall_meldinger_mottatt"), parameters) == {}
