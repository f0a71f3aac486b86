"""A file with every optional element and attribute of a published version of the format: 1, 3 or 4."""

from collections.abc import Callable
from typing import Any

from tests.builders.case_xml import avgiver, barnevern, element, konklusjon, lovhjemmel, sak, uid

# Kinds of which there is a second, deleted element.
KINDS = (
    "Personalia",
    "Melding",
    "Undersokelse",
    "Plan",
    "Tiltak",
    "Vedtak",
    "Ettervern",
    "OversendelseFylkesnemnd",
    "Flytting",
    "Relasjon",
)
FREE_TEXT = "Noe som bare saksbehandleren vet"


def complete(version: int) -> bytes:
    """Return a file that is valid against Barnevern_v1.xsd (2.2.3), _v3.xsd (3.0.5) or _v4.xsd (4.0.1)."""
    case = sak(
        uid(10),
        start="2023-01-10",
        slutt="2024-11-30",
        migrert="gammel-sak-7",
        slettet=_er_slettet(version),
        Avsluttet=True,
        personer=_kept_and_deleted(_personalia, version),
        meldinger=_kept_and_deleted(_melding, version),
        undersokelser=_kept_and_deleted(_undersokelse, version),
        planer=_kept_and_deleted(_plan, version),
        tiltak=_kept_and_deleted(_tiltak, version),
        andre=[
            *_kept_and_deleted(_vedtak, version),
            *_kept_and_deleted(_ettervern, version),
            *_kept_and_deleted(_oversendelse, version),
        ],
        flyttinger=_kept_and_deleted(_flytting, version),
        relasjoner=_kept_and_deleted(_relasjon, version),
        slettinger=[
            element("Slettet", Id=_id(kind, 2), Type=kind, SluttDato="2024-02-01")
            for kind in (*KINDS, *_status_kinds(version))
        ],
    )
    return barnevern(
        [case], forrige=uid(2), sender=avgiver(bydel="02"), uttrekk="2024-12-31T23:59:00.123456789+01:00"
    ).encode()


def _kept_and_deleted(make: Callable[[int, int], str], version: int) -> list[str]:
    return [make(version, 1), make(version, 2)]


def _id(kind: str, number: int) -> str:
    return uid(1000 * (1 + (*KINDS, "Status").index(kind)) + number)


def _er_slettet(version: int) -> bool | None:
    """Return `ErSlettet`, which exists from version 3 on."""
    return False if version >= 3 else None


def _status_kinds(version: int) -> tuple[str, ...]:
    """Return the kind Status for version 1, in which a Status could be deleted."""
    return ("Status",) if version == 1 else ()


def _common_attributes(kind: str, number: int, version: int) -> dict[str, Any]:
    return {"Id": _id(kind, number), "MigrertId": f"gammel-{number}", "ErSlettet": _er_slettet(version)}


def _basis(tag: str = "Lovhjemmel") -> str:
    return lovhjemmel("BVL2021 3-1", ledd=("1", "2"), bokstav=("a", "b"), tag=tag).replace(
        f"</{tag}>", f"<Punktum>1</Punktum><Punktum>2</Punktum></{tag}>"
    )


def _coded(tag: str, kode: str) -> str:
    return element(tag, Kode=kode, Presisering=FREE_TEXT)


def _personalia(version: int, number: int) -> str:
    person: dict[str, Any] = {
        "Fodselsnummer": "15031000100",
        "Fodseldato": "2010-03-15",
        "Kjonn": "2",
        "DUFnummer": "200012345678",
    }
    return element(
        "Personalia", Id=_id("Personalia", number), StartDato="2023-01-10", ErSlettet=_er_slettet(version), **person
    )


def _melding(version: int, number: int) -> str:
    children = [_coded("Melder", "22"), _coded("Melder", "1"), _coded("Saksinnhold", "18"), _coded("Saksinnhold", "19")]
    end = konklusjon("2023-01-17", "2", ErSlettet=_er_slettet(version))
    return element(
        "Melding", [*children, end], StartDato="2023-01-10", **_common_attributes("Melding", number, version)
    )


def _undersokelse(version: int, number: int) -> str:
    medvirkning = (
        "<BarnetsMedvirkning><StartDato>2023-02-01</StartDato>"
        "<MedvirkningType>1.1</MedvirkningType></BarnetsMedvirkning>"
    )
    children = [
        _coded("Vedtaksgrunnlag", "18"),
        medvirkning if version == 4 else None,
        element("UtvidetFrist", StartDato="2023-03-01", Innvilget="1"),
        konklusjon("2023-06-30", "1", Presisering=FREE_TEXT),
    ]
    return element(
        "Undersokelse", children, StartDato="2023-01-17", **_common_attributes("Undersokelse", number, version)
    )


def _plan(version: int, number: int) -> str:
    children = [
        element("Evaluering", UtfortDato="2023-09-01"),
        element("Evaluering", UtfortDato="2023-10-01"),
        konklusjon("2023-12-31"),
    ]
    return element(
        "Plan", children, StartDato="2023-07-01", Plantype="1", **_common_attributes("Plan", number, version)
    )


def _tiltak(version: int, number: int) -> str:
    first = uid(50_000 + 100 * number)
    tilsyn = element("Ansvarlig", Id=first, StartDato="2023-07-01", Kommunenummer="0301")
    hyppighet = element("Hyppighet", Id=first, StartDato="2023-07-01", Kode="4")
    utfort = element("Utfort", Id=first, UtfortDato="2023-08-01")
    oppfolging = (
        element("Oppfolging", [hyppighet, utfort])
        if version >= 3
        else element("Oppfolging", Id=first, UtfortDato="2023-08-01") * 2
    )
    children = [
        _basis(),
        *[_basis("JmfrLovhjemmel")] * 3,
        _coded("Kategori", "2.99"),
        _coded("Tiltaksgrunnlag", "18"),
        element("Tilsyn", [tilsyn, hyppighet, utfort]),
        oppfolging,
        _coded("Opphevelse", "4"),
        konklusjon("2024-01-31"),
    ]
    return element("Tiltak", children, StartDato="2023-07-01", **_common_attributes("Tiltak", number, version))


def _vedtak(version: int, number: int) -> str:
    krav = element(
        "Krav", [konklusjon("2023-06-20", "9", Presisering=FREE_TEXT)], Id=uid(60_000 + number), StartDato="2023-06-10"
    )
    status = element("Status", Id=_id("Status", number), EndretDato="2023-06-30", Kode="1")
    children = [_basis(), *[_basis("JmfrLovhjemmel")] * 3, krav, status, konklusjon("2024-01-31")]
    return element("Vedtak", children, StartDato="2023-06-30", **_common_attributes("Vedtak", number, version))


def _ettervern(version: int, number: int) -> str:
    end = konklusjon("2024-02-10", "1")
    return element("Ettervern", [end], TilbudSendtDato="2024-02-01", **_common_attributes("Ettervern", number, version))


def _oversendelse(version: int, number: int) -> str:
    children = [_basis(), *[_basis("JmfrLovhjemmel")] * 3]
    common = _common_attributes("OversendelseFylkesnemnd", number, version)
    return element("OversendelseFylkesnemnd", children, StartDato="2023-06-01", **common)


def _flytting(version: int, number: int) -> str:
    children = [_coded("ArsakFra", "1.1.5"), _coded("FlyttingTil", "8")]
    return element("Flytting", children, SluttDato="2024-01-31", **_common_attributes("Flytting", number, version))


def _relasjon(version: int, number: int) -> str:
    ends: dict[str, Any] = {
        "FraId": _id("Melding", 1),
        "FraType": "Melding",
        "TilId": _id("Undersokelse", 1),
        "TilType": "Undersokelse",
    }
    return element("Relasjon", Id=_id("Relasjon", number), ErSlettet=_er_slettet(version), **ends)
