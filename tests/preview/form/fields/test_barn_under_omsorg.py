"""Nos. 17 to 24, computed by hand for 2024."""

from preview.model.case_records import Tiltak
from tests.preview.form.case_fixtures import CaseBase, sak, tiltak

KATEGORIER = (
    *("1.1", "1.2", "1.99", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.99", "3.1", "3.2"),
    *("8.1", "8.2", "8.3", "8.4", "8.5", "8.99"),
    *("1", "2", "12.1", "21.1", None),  # on no list
)


def at_period_end(base: CaseBase, key: str, kategori: str, **flags: int) -> set[str]:
    """Return which of the measures around the last day of 2024 make the child count."""

    def of(start: str, slutt: str | None = None) -> Tiltak:
        return tiltak(start, slutt, kategori, **flags)

    counted = base.values_by_case(
        key,
        started_years_ago=sak(tiltak=[of("2019-05-05")]),
        started_on_last_day=sak(tiltak=[of("2024-12-31")]),
        started_day_after=sak(tiltak=[of("2025-01-01")]),
        ended_on_last_day=sak(tiltak=[of("2024-03-01", "2024-12-31")]),
        ended_day_after=sak(tiltak=[of("2024-03-01", "2025-01-01")]),
        two_of_one_child=sak(tiltak=[of("2024-03-01"), of("2024-04-01")]),
    )
    assert set(counted.values()) == {0, 1}
    return {name for name, value in counted.items() if value == 1}


PRESENT = {"started_years_ago", "started_on_last_day", "ended_day_after", "two_of_one_child"}


def kategorier(base: CaseBase, key: str) -> set[str | None]:
    """Return the Kategori codes with which a tiltak makes the child count at the end of 2024."""
    return {code for code in KATEGORIER if base.values([sak(tiltak=[tiltak("2024-03-01", kategori=code)])])[key] == 1}


def test_antall_barn_under_omsorg(base: CaseBase) -> None:
    key = "antall_barn_under_omsorg"
    assert at_period_end(base, key, "2.1", omsorg=1) == PRESENT
    others = base.values_by_case(
        key, hjelp=sak(tiltak=[tiltak("2024-03-01", kategori="2.1")]), akutt=sak(tiltak=[tiltak("2024-03-01", akutt=1)])
    )
    assert others == {"hjelp": 0, "akutt": 0}


def test_antall_barn_plassert_utenfor_hjemmet(base: CaseBase) -> None:
    key = "antall_barn_plassert_utenfor_hjemmet"
    assert at_period_end(base, key, "8.5") == PRESENT
    assert kategorier(base, key) == {
        "1.1",
        "1.2",
        "1.99",
        "2.1",
        "2.2",
        "2.3",
        "2.4",
        "2.5",
        "2.6",
        "2.99",
        "8.2",
        "8.4",
        "8.5",
    }
    assert base.values([sak(tiltak=[tiltak("2024-03-01", kategori="3.1", omsorg=1)])])[key] == 0


def test_antall_barn_i_fosterhjem(base: CaseBase) -> None:
    key = "antall_barn_i_fosterhjem"
    assert at_period_end(base, key, "2.5", akutt=1) == PRESENT
    assert kategorier(base, key) == {"2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.99"}


def test_antall_barn_i_institusjon(base: CaseBase) -> None:
    key = "antall_barn_i_institusjon"
    assert at_period_end(base, key, "1.99", akutt=1) == PRESENT
    assert kategorier(base, key) == {"1.1", "1.2", "1.99"}


def test_antall_barn_i_bolig_med_oppfolging(base: CaseBase) -> None:
    key = "antall_barn_i_bolig_med_oppfolging"
    assert at_period_end(base, key, "8.2") == PRESENT
    assert kategorier(base, key) == {"8.2", "8.4", "8.5"}


def test_antall_nye_omsorgsovertakelser(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_nye_omsorgsovertakelser",
        day_before=sak(tiltak=[tiltak("2023-12-31", omsorg=1)]),
        first_day=sak(tiltak=[tiltak("2024-01-01", "2024-01-01", omsorg=1)]),
        last_day=sak(tiltak=[tiltak("2024-12-31", omsorg=1)]),
        day_after=sak(tiltak=[tiltak("2025-01-01", omsorg=1)]),
        two_in_the_period=sak(tiltak=[tiltak("2024-09-01", omsorg=1), tiltak("2024-03-01", "2024-08-01", omsorg=1)]),
        one_ended_long_before=sak(
            tiltak=[tiltak("2024-03-01", omsorg=1), tiltak("2015-03-01", "2016-03-01", omsorg=1)]
        ),
        hjelp_before_it=sak(tiltak=[tiltak("2015-03-01", "2016-03-01"), tiltak("2024-03-01", omsorg=1)]),
        hjelp_alone=sak(tiltak=[tiltak("2024-03-01")]),
    )
    assert counted == {
        "day_before": 0,
        "first_day": 1,
        "last_day": 1,
        "day_after": 0,
        "two_in_the_period": 1,
        "one_ended_long_before": 0,
        "hjelp_before_it": 1,
        "hjelp_alone": 0,
    }


def test_antall_akuttplasseringer(base: CaseBase) -> None:
    counted = base.values_by_case(
        "antall_akuttplasseringer",
        day_before=sak(tiltak=[tiltak("2023-12-31", kategori="2.5", akutt=1)]),
        first_day=sak(tiltak=[tiltak("2024-01-01", "2024-01-02", kategori="2.5", akutt=1)]),
        last_day=sak(tiltak=[tiltak("2024-12-31", kategori="1.1", akutt=1)]),
        day_after=sak(tiltak=[tiltak("2025-01-01", kategori="2.5", akutt=1)]),
        two_of_one_child=sak(
            tiltak=[tiltak("2024-03-01", "2024-03-09", "2.5", akutt=1), tiltak("2024-05-01", kategori="2.5", akutt=1)]
        ),
        akutt_at_home=sak(tiltak=[tiltak("2024-03-01", kategori="3.1", akutt=1)]),
        plassering_by_care_order=sak(tiltak=[tiltak("2024-03-01", kategori="2.1", omsorg=1)]),
    )
    assert counted == {
        "day_before": 0,
        "first_day": 1,
        "last_day": 1,
        "day_after": 0,
        "two_of_one_child": 2,
        "akutt_at_home": 0,
        "plassering_by_care_order": 0,
    }


def test_antall_omsorgsvedtak_opphevet(base: CaseBase) -> None:
    revoked = tiltak("2020-03-01", "2024-06-01", "2.1", 1, omsorg=1)
    counted = base.values_by_case(
        "antall_omsorgsvedtak_opphevet",
        day_before=sak(tiltak=[tiltak("2020-03-01", "2023-12-31", "2.1", 1, omsorg=1)]),
        first_day=sak(tiltak=[tiltak("2020-03-01", "2024-01-01", "2.1", 1, omsorg=1)]),
        last_day=sak(tiltak=[tiltak("2020-03-01", "2024-12-31", "2.1", 1, omsorg=1)]),
        day_after=sak(tiltak=[tiltak("2020-03-01", "2025-01-01", "2.1", 1, omsorg=1)]),
        lasted_but_the_day_after=sak(tiltak=[tiltak("2025-01-01", "2025-01-01", "2.1", 1, omsorg=1)]),
        two_of_one_child=sak(tiltak=[revoked, tiltak("2024-07-01", "2024-08-01", "2.1", 4, omsorg=1)]),
        hjelpetiltak_revoked=sak(tiltak=[tiltak("2020-03-01", "2024-06-01", "2.1", 1)]),
        another_goes_on=sak(tiltak=[revoked, tiltak("2024-06-01", kategori="2.1", omsorg=1)]),
        another_started_on_last_day=sak(tiltak=[revoked, tiltak("2024-12-31", kategori="2.1", omsorg=1)]),
        another_starts_day_after=sak(tiltak=[revoked, tiltak("2025-01-01", kategori="2.1", omsorg=1)]),
        another_ended_on_last_day=sak(tiltak=[revoked, tiltak("2024-06-01", "2024-12-31", "2.1", 2, omsorg=1)]),
        another_ended_day_after=sak(tiltak=[revoked, tiltak("2024-06-01", "2025-01-01", "2.1", 2, omsorg=1)]),
        hjelpetiltak_goes_on=sak(tiltak=[revoked, tiltak("2024-06-01")]),
    )
    assert counted == {
        "day_before": 0,
        "first_day": 1,
        "last_day": 1,
        "day_after": 0,
        "lasted_but_the_day_after": 0,
        "two_of_one_child": 1,
        "hjelpetiltak_revoked": 0,
        "another_goes_on": 0,
        "another_started_on_last_day": 0,
        "another_starts_day_after": 1,
        "another_ended_on_last_day": 1,
        "another_ended_day_after": 0,
        "hjelpetiltak_goes_on": 1,
    }


def test_antall_omsorgsvedtak_opphevet_counts_codes_1_3_and_4(base: CaseBase) -> None:
    key, codes = "antall_omsorgsvedtak_opphevet", (1, 2, 3, 4, None)
    ended = {code: tiltak("2020-03-01", "2024-06-01", "2.1", code, omsorg=1) for code in codes}
    assert {code for code in codes if base.values([sak(tiltak=[ended[code]])])[key] == 1} == {1, 3, 4}


def test_antall_omsorgsvedtak_opphevet_is_counted_per_child(base: CaseBase) -> None:
    cases = [
        sak(tiltak=[tiltak("2020-03-01", "2024-06-01", "2.1", 1, omsorg=1)]),
        sak(tiltak=[tiltak("2020-03-01", omsorg=1)]),
    ]
    assert base.values(cases)["antall_omsorgsvedtak_opphevet"] == 1
