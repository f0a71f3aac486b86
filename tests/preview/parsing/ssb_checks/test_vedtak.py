"""Checks of Vedtak, Ettervern and OversendelseFylkesnemnd, which no field reads."""

from typing import Any

import pytest

from tests.builders.case_xml import element, konklusjon, lovhjemmel, relasjon, slettet, uid
from tests.preview.parsing.ssb_checks.firing import NO_FINDINGS, fired_checks

V, O = uid(21), uid(22)  # noqa: E741, one letter for each kind
CLOSED = {"slutt": "2024-06-01"}


def status(day: str | None, kode: str = "1") -> str:
    return element("Status", Id=uid(), EndretDato=day, Kode=kode)


def krav(start: str | None, slutt: str | None = None) -> str:
    return element("Krav", [konklusjon(slutt, "1") if slutt else None], Id=uid(), StartDato=start)


def vedtak(
    start: str | None = "2024-02-01",
    slutt: str | None = None,
    *children: str,
    lov: str = "BVL2021 3-1",
    id: str | None = V,  # noqa: A002
    **more: Any,
) -> str:
    """Return a Vedtak with these children, and with a Status of its start if none of them is a Status."""
    statuses = [] if any("<Status" in child for child in children) else [status(start)]
    end = konklusjon(slutt) if slutt else None
    return element("Vedtak", [lovhjemmel(lov), *children, *statuses, end], Id=id, StartDato=start, **more)


def fired_for(*elements: str, **case: Any) -> list[tuple[str, str, str]]:
    """Return the checks that fire on these elements, without `sak_23`."""
    return [finding for finding in fired_checks(andre=elements, **case) if finding[1] != "sak_23"]


def ettervern(sent: str | None, slutt: str | None = None) -> str:
    return element("Ettervern", [konklusjon(slutt, "1") if slutt else None], Id=uid(), TilbudSendtDato=sent)


def oversendelse(start: str | None, lov: str = "BVL2021 5-1") -> str:
    return element("OversendelseFylkesnemnd", [lovhjemmel(lov)], Id=O, StartDato=start)


def test_vedtak_2a() -> None:
    expected = [
        ("notice", "vedtak_2i", "Vedtak/Status@EndretDato"),
        ("warning", "vedtak_2a", "Vedtak/Konklusjon@SluttDato"),
    ]
    assert sorted(fired_for(vedtak("2024-02-02", "2024-02-01"))) == sorted(expected)
    assert fired_for(vedtak("2024-02-01", "2024-02-01")) == NO_FINDINGS


def test_vedtak_2c() -> None:
    assert fired_for(vedtak("2024-02-01", "2024-06-02"), **CLOSED) == [
        ("warning", "vedtak_2c", "Vedtak/Konklusjon@SluttDato")
    ]
    assert (
        fired_for(vedtak("2024-02-01", "2024-06-01"), **CLOSED)
        == fired_for(vedtak("2024-02-01", "2024-06-02"))
        == NO_FINDINGS
    )


def test_vedtak_2e() -> None:
    assert fired_for(vedtak("2019-12-31", lov="BVL 4-4")) == [("warning", "vedtak_2e", "Vedtak@StartDato")]
    assert fired_for(vedtak("2020-01-01", lov="BVL 4-4")) == NO_FINDINGS


def test_vedtak_2f() -> None:
    path = "Vedtak/Krav/Konklusjon@SluttDato"
    assert fired_for(vedtak("2024-02-01", None, krav("2024-02-02", "2024-02-01"))) == [("warning", "vedtak_2f", path)]
    assert fired_for(vedtak("2024-02-01", None, krav("2024-02-02", "2024-02-02"), krav("2024-02-03"))) == NO_FINDINGS


def test_vedtak_2g() -> None:
    path = "Vedtak/Krav/Konklusjon@SluttDato"
    assert fired_for(vedtak("2024-02-01", "2024-03-01", krav("2024-02-02", "2024-03-02"))) == [
        ("warning", "vedtak_2g", path)
    ]
    assert fired_for(vedtak("2024-02-01", "2024-03-01", krav("2024-02-02", "2024-03-01"))) == NO_FINDINGS


def test_vedtak_2h() -> None:
    assert fired_for(vedtak("2024-02-01", None, krav("2024-01-31"))) == [
        ("warning", "vedtak_2h", "Vedtak/Krav@StartDato")
    ]
    assert fired_for(vedtak("2024-02-01", None, krav("2024-02-01"))) == NO_FINDINGS


def test_vedtak_2i() -> None:
    expected = [("notice", "vedtak_2i", "Vedtak/Status@EndretDato")]
    assert fired_for(vedtak("2024-02-01", "2024-03-01", status("2024-02-01"), status("2024-03-02"))) == expected
    assert fired_for(vedtak("2024-02-01", "2024-03-01", status("2024-02-01"), status("2024-03-01"))) == NO_FINDINGS


def test_vedtak_2j() -> None:
    expected = [("notice", "vedtak_2j", "Vedtak/Status@EndretDato")]
    assert fired_for(vedtak("2024-02-01", None, status("2024-01-31"))) == expected
    assert fired_for(vedtak("2024-02-01", None, status("2024-02-01"))) == NO_FINDINGS


@pytest.mark.parametrize("kode", ["3", "4"])
def test_vedtak_3(kode: str) -> None:
    """The newest Status counts."""
    expected = [("warning", "vedtak_3", "Vedtak")]
    assert fired_for(vedtak("2024-02-01", None, status("2024-03-01", kode))) == expected
    assert fired_for(vedtak("2024-02-01", None, status("2024-03-01", kode), status("2024-02-01"))) == expected
    assert fired_for(vedtak("2024-02-01", None, status("2024-02-01", kode), status("2024-03-01"))) == NO_FINDINGS
    assert fired_for(vedtak("2024-02-01", "2024-03-01", status("2024-03-01", kode))) == NO_FINDINGS


def test_vedtak_4() -> None:
    assert fired_for(vedtak(lov="LOV 3-1")) == [("warning", "vedtak_4", "Vedtak/Lovhjemmel")]
    jmfr = lovhjemmel("LOV 3-1", tag="JmfrLovhjemmel")
    assert fired_for(vedtak("2024-02-01", None, jmfr)) == [("warning", "vedtak_4", "Vedtak/JmfrLovhjemmel")]
    for lov in ("BVL2021 3-1", "BL1981 38-1", "bvl2021 3-1"):
        assert fired_for(vedtak(lov=lov)) == NO_FINDINGS
    turned = "<Lovhjemmel><Kapittel>3</Kapittel><Lov>BVL2021</Lov><Paragraf>1</Paragraf></Lovhjemmel>"
    assert fired_for(vedtak().replace(lovhjemmel("BVL2021 3-1"), turned)) == NO_FINDINGS


@pytest.mark.parametrize(
    ("start", "wrong", "right"), [("2022-12-31", "BVL2021 3-1", "BVL 4-4"), ("2023-01-01", "BVL 4-4", "BVL2021 3-1")]
)
def test_vedtak_5(start: str, wrong: str, right: str) -> None:
    assert fired_for(vedtak(start, lov=wrong)) == [("warning", "vedtak_5", "Vedtak/Lovhjemmel")]
    assert fired_for(vedtak(start, lov=right)) == fired_for(vedtak(start, lov="BL1981 38-1")) == NO_FINDINGS


def test_vedtak_19() -> None:
    """The ids of Status elements make no difference."""
    assert fired_for(vedtak(id=uid()), vedtak(id=uid())) == [("notice", "vedtak_19", "Vedtak")]
    assert fired_for(vedtak(id=uid()), vedtak("2024-02-01", "2024-03-01", id=uid())) == NO_FINDINGS
    assert fired_for(vedtak(id=uid()), vedtak(id=uid(), ErSlettet=True)) == NO_FINDINGS


def test_vedtak_20() -> None:
    """A relation to the tribunal in either direction is enough."""
    sent, board = vedtak("2024-02-01", None, status("2024-02-01", "2")), oversendelse("2024-02-01")
    expected = [("notice", "vedtak_20", "Vedtak")]
    assert fired_for(sent) == fired_for(sent, board) == expected
    for related in (
        relasjon("Vedtak", V, "OversendelseFylkesnemnd", O),
        relasjon("OversendelseFylkesnemnd", O, "Vedtak", V),
    ):
        assert fired_for(sent, board, relasjoner=[related]) == NO_FINDINGS
        assert fired_for(sent, relasjoner=[related]) == expected
    assert fired_for(vedtak("2024-02-01", None, status("2024-02-01", "1")), board) == NO_FINDINGS


def test_ettervern_2a() -> None:
    assert fired_for(ettervern("2024-02-02", "2024-02-01")) == [
        ("warning", "ettervern_2a", "Ettervern/Konklusjon@SluttDato")
    ]
    assert fired_for(ettervern("2024-02-02", "2024-02-02")) == NO_FINDINGS


def test_ettervern_2c() -> None:
    assert fired_for(ettervern("2024-02-02", "2024-06-02"), **CLOSED) == [
        ("warning", "ettervern_2c", "Ettervern/Konklusjon@SluttDato")
    ]
    assert fired_for(ettervern("2024-02-02", "2024-06-01"), **CLOSED) == NO_FINDINGS


def test_ettervern_2e() -> None:
    assert fired_for(ettervern("2019-12-31")) == [("warning", "ettervern_2e", "Ettervern@TilbudSendtDato")]
    assert fired_for(ettervern("2020-01-01")) == NO_FINDINGS


def test_oversendelse_2e() -> None:
    expected = [("warning", "oversendelse_2e", "OversendelseFylkesnemnd@StartDato")]
    assert fired_for(oversendelse("2019-12-31", "BVL 4-12")) == expected
    assert fired_for(oversendelse("2020-01-01", "BVL 4-12")) == NO_FINDINGS


def test_oversendelse_2f() -> None:
    expected = [("warning", "oversendelse_2f", "OversendelseFylkesnemnd@StartDato")]
    assert fired_for(oversendelse("2024-06-02"), **CLOSED) == expected
    assert fired_for(oversendelse("2024-06-01"), **CLOSED) == fired_for(oversendelse("2024-06-02")) == NO_FINDINGS


@pytest.mark.parametrize(
    ("start", "wrong", "right"), [("2022-12-31", "BVL2021 5-1", "BVL 4-12"), ("2023-01-01", "BVL 4-12", "BVL2021 5-1")]
)
def test_oversendelse_5(start: str, wrong: str, right: str) -> None:
    assert fired_for(oversendelse(start, wrong)) == [
        ("warning", "oversendelse_5", "OversendelseFylkesnemnd/Lovhjemmel")
    ]
    assert fired_for(oversendelse(start, right)) == NO_FINDINGS


def test_deleted_vedtak_is_not_checked() -> None:
    wrong = vedtak("2024-02-02", "2024-02-01")
    assert (
        fired_for(wrong.replace("<Vedtak ", '<Vedtak ErSlettet="true" '))
        == fired_for(wrong, slettinger=[slettet("Vedtak", V)])
        == NO_FINDINGS
    )
