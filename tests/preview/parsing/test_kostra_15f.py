"""A 15F file as a whole: who, of which year, in which bydeler, and what is refused (`domain.md` 2, 10)."""

import msgspec
import pytest

from preview.model.case_records import Avgiver, Melding
from preview.parsing import kostra_15f
from tests.builders.kostra_xml import arsfil, avgiver, individ, melding
from tests.preview.parsing.parser_helpers import contents, findings_in, one_arsfil, refusal

THREE_MONTHS = ("notice", "no_utvidet_frist", "Barnevern")
ONE = individ(meldinger=[melding("2020-02-10")])


# 2.1: the declared encoding is obeyed.


def test_a_file_is_read_in_the_encoding_that_it_declares() -> None:
    data = arsfil(individ(), kommunenavn="Sør-Østerdal på Ås")
    assert "Sør".encode("iso-8859-1") in data
    assert one_arsfil(data).deler[0].avgiver.kommunenavn == "Sør-Østerdal på Ås"


def test_a_file_that_is_not_in_the_encoding_that_it_declares_is_refused() -> None:
    assert refusal(arsfil(individ(), kommunenavn="Ås", head='<?xml version="1.0" encoding="UTF-8"?>\n'))[0] == "encoding"


def test_a_file_in_utf_8_that_says_so_is_read_too() -> None:
    data = arsfil(individ(), kommunenavn="Ås", head='<?xml version="1.0" encoding="UTF-8"?>\n', encoding="utf-8")
    assert one_arsfil(data).deler[0].avgiver.kommunenavn == "Ås"


# 2.2: each Individ is a case of its own.


def test_children_with_the_same_id_are_cases_of_their_own() -> None:
    data = arsfil(*[individ(id="i1", meldinger=[melding(f"2020-0{month}-01")]) for month in (1, 2, 3)])
    (part,) = one_arsfil(data).deler
    assert [each.innhold.meldinger[0].mottatt for each in part.individer] == ["2020-01-01", "2020-02-01", "2020-03-01"]
    assert findings_in(data) == [THREE_MONTHS]


def test_a_number_that_repeats_is_a_finding_of_the_second_and_both_count() -> None:
    first = individ(Journalnummer="J1", fodselsnummer="01011099293")
    data = arsfil(first, individ(Journalnummer="J1"), individ(fodselsnummer="01011099293"), individ(Journalnummer="01011099293"))
    (part,) = one_arsfil(data).deler
    assert [each.innhold.funn for each in part.individer] == [0, 1, 1, 0]
    assert findings_in(data)[1:] == [
        ("warning", "repeated_number", "Individ@Journalnummer"),
        ("warning", "repeated_number", "Individ@Fodselsnummer"),
    ]


def test_numbers_that_are_missing_do_not_repeat() -> None:
    data = arsfil(*[individ(Journalnummer=None, fodselsnummer=None, duf="123456123456") for _ in range(2)])
    assert [code for _, code, _ in findings_in(data)] == ["no_utvidet_frist", "no_fodselsnummer", "no_fodselsnummer"]


# 2.3: the year.


@pytest.mark.parametrize(("written", "aar"), [("2020", 2020), (" 2020 ", 2020), ("2020Z", 2020), ("2021+01:00", 2021)])
def test_versjon_is_the_year(written: str, aar: int) -> None:
    assert one_arsfil(arsfil(ONE, aar=written)).aar == aar


@pytest.mark.parametrize("written", [None, "", "20", "20201", "i fjor", "2020-01-01", "0000"])
def test_a_versjon_that_is_no_year_refuses_the_file(written: str | None) -> None:
    assert refusal(arsfil(ONE, aar=written)) == ("versjon", 2, "Avgiver@Versjon")


def test_a_date_after_the_year_is_a_warning() -> None:
    data = arsfil(individ(meldinger=[melding("2020-12-31", "2021-01-01")]), aar=2020)
    assert findings_in(data)[1:] == [("warning", "after_uttrekk", "Melding@SluttDato")]
    assert findings_in(arsfil(individ(meldinger=[melding("2020-12-31", "2020-12-31")]), aar=2020)) == [THREE_MONTHS]


# 2.4: bydeler.


def test_children_are_divided_by_bydel() -> None:
    data = arsfil(
        individ(bydel="02", bydelsnavn=None),
        individ(bydel="11", bydelsnavn="Nordstrand"),
        individ(bydel="2", bydelsnavn="Grünerløkka"),
        individ(bydel="11", bydelsnavn=None),
        individ(bydel="11", bydelsnavn="Et annet navn"),
        individ(),
        org="958935420",
        kommunenavn="Oslo",
    )
    read = one_arsfil(data)
    assert [(part.avgiver, len(part.individer)) for part in read.deler] == [
        (Avgiver("958935420", "0301", "Oslo", "02", "Grünerløkka"), 2),
        (Avgiver("958935420", "0301", "Oslo", "11", "Nordstrand"), 3),
        (Avgiver("958935420", "0301", "Oslo", "", ""), 1),
    ]
    assert read.organisasjonsnummer == "958935420"


def test_a_bydel_that_is_no_number_is_an_error_and_none() -> None:
    data = arsfil(individ(bydel="Sentrum"))
    (part,) = one_arsfil(data).deler
    assert (part.avgiver.bydelsnummer, part.avgiver.bydelsnavn) == ("", "")
    assert findings_in(data)[1:] == [("error", "bydelsnummer", "Individ@Bydelsnummer")]
    assert part.individer[0].innhold.funn == 1


# 2.5: said once a file.


def test_that_deadlines_are_not_extended_is_said_once_and_is_a_finding_of_the_file() -> None:
    data = arsfil(individ(), individ())
    assert findings_in(data) == [THREE_MONTHS]
    read = one_arsfil(data)
    assert read.funn == 1
    assert [each.innhold.funn for each in read.deler[0].individer] == [0, 0]


def test_findings_of_the_envelope_are_the_file_s_too() -> None:
    data = b"\xef\xbb\xbf" + arsfil(individ(), kommune="12", head="", encoding="utf-8")
    assert findings_in(data) == [("notice", "byte_order_mark", ""), ("error", "kommunenummer", "Avgiver@Kommunenummer"), THREE_MONTHS]
    assert one_arsfil(data).funn == 3


# 10: what refuses the file.


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (arsfil(ONE, giver=None), ("no_avgiver", 2, "Barnevern/Avgiver")),
        (arsfil(ONE, org=None), ("organisasjonsnummer", 2, "Avgiver@Organisasjonsnummer")),
        (arsfil(ONE, org="12345678"), ("organisasjonsnummer", 2, "Avgiver@Organisasjonsnummer")),
        (arsfil(ONE, org="1234567890"), ("organisasjonsnummer", 2, "Avgiver@Organisasjonsnummer")),
        (arsfil(), ("no_individ", 2, "Barnevern/Individ")),
        (arsfil(ONE)[:-20], ("not_well_formed", 2, "")),
        (arsfil(ONE, head='<?xml version="1.0"?>\n<!DOCTYPE Barnevern>\n'), ("doctype", 0, "")),
    ],
)
def test_a_file_that_cannot_be_told_is_refused(data: bytes, why: tuple[str, int, str]) -> None:
    assert refusal(data) == why


def test_a_file_of_more_children_than_a_country_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kostra_15f, "MAX_CASES", 3)
    assert len(one_arsfil(arsfil(ONE, ONE, ONE)).deler[0].individer) == 3
    assert refusal(arsfil(ONE, ONE, ONE, ONE)) == ("too_large", 2, "Barnevern/Individ")


def test_a_refused_file_is_still_known_for_what_it_is() -> None:
    assert contents(arsfil(giver=avgiver(aar="x"))).format == "15f"


# 4.1: what is kept of a child.


def test_the_digest_is_over_what_is_kept_and_under_the_store_s_key() -> None:
    def digest(data: bytes, key: bytes = b"k" * 32) -> bytes:
        return one_arsfil(data, key).deler[0].individer[0].digest

    plain = arsfil(individ(meldinger=[melding("2020-02-10")]))
    same = arsfil(individ(meldinger=[melding("2020-02-10", Mer="1")], Saksbehandler="En annen", fodselsnummer="17031088194"))
    assert digest(plain) == digest(same)
    assert digest(plain) != digest(plain, b"l" * 32)
    assert digest(plain) != digest(arsfil(individ(meldinger=[melding("2020-02-11")])))


def test_nothing_of_the_person_is_handed_on() -> None:
    data = arsfil(
        individ(
            id="idhemmelig",
            Journalnummer="jourhemmelig",
            fodselsnummer="01011099293",
            duf="998877665544",
            Saksbehandler="Ola Hemmelig",
            meldinger=[melding("2020-02-10", id="melhemmelig", SluttDato="hemmelig dato", Konklusjon="hemmelig")],
        )
    )
    read = contents(data)
    assert len(read.findings) == 3
    handed_on = msgspec.msgpack.encode(read.arsfiler) + msgspec.json.encode(read.findings)
    assert not [word for word in (b"hemmelig", b"Hemmelig", b"99293", b"9988776") if word in handed_on]
    assert read.arsfiler[0].deler[0].individer[0].innhold.meldinger == [Melding("2020-02-10", None, None, "2020-02-17")]
