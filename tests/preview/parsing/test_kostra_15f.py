"""A 15F file as a whole: organisation, year, bydeler, and what is refused (rules 2 and 10)."""

import msgspec
import pytest

from preview.model.case_records import Avgiver, Melding
from preview.model.limits import MIB
from preview.parsing import kostra_15f, xml_input
from tests.builders.kostra_xml import annual_file, avgiver, individ, melding
from tests.preview.parsing.parser_helpers import KEY, findings_in, parse, parse_single_annual_file, rejection

THREE_MONTHS = ("notice", "no_utvidet_frist", "Barnevern")
ONE = individ(meldinger=[melding("2020-02-10")])


# Rule 2.1: the declared encoding is used.


def test_declared_encoding_is_used() -> None:
    data = annual_file(individ(), kommunenavn="Sør-Østerdal på Ås")
    assert "Sør".encode("iso-8859-1") in data
    assert parse_single_annual_file(data).parts[0].avgiver.kommunenavn == "Sør-Østerdal på Ås"


def test_file_not_in_declared_encoding_is_refused() -> None:
    assert (
        rejection(annual_file(individ(), kommunenavn="Ås", head='<?xml version="1.0" encoding="UTF-8"?>\n'))[0]
        == "encoding"
    )


def test_declared_utf_8_is_read() -> None:
    data = annual_file(individ(), kommunenavn="Ås", head='<?xml version="1.0" encoding="UTF-8"?>\n', encoding="utf-8")
    assert parse_single_annual_file(data).parts[0].avgiver.kommunenavn == "Ås"


# Rule 2.2: each Individ is a case of its own.


def test_children_with_same_id_are_cases_of_their_own() -> None:
    data = annual_file(*[individ(id="i1", meldinger=[melding(f"2020-0{month}-01")]) for month in (1, 2, 3)])
    (part,) = parse_single_annual_file(data).parts
    assert [individ.content.meldinger[0].mottatt for individ in part.individer] == [
        "2020-01-01",
        "2020-02-01",
        "2020-03-01",
    ]
    assert findings_in(data) == [THREE_MONTHS]


def test_repeated_number_is_finding_and_both_count() -> None:
    first = individ(Journalnummer="J1", fodselsnummer="01011099293")
    data = annual_file(
        first, individ(Journalnummer="J1"), individ(fodselsnummer="01011099293"), individ(Journalnummer="01011099293")
    )
    (part,) = parse_single_annual_file(data).parts
    assert [individ.content.finding_count for individ in part.individer] == [0, 1, 1, 0]
    assert findings_in(data)[1:] == [
        ("warning", "repeated_number", "Individ@Journalnummer"),
        ("warning", "repeated_number", "Individ@Fodselsnummer"),
    ]


def test_missing_numbers_are_not_repeated() -> None:
    data = annual_file(*[individ(Journalnummer=None, fodselsnummer=None, duf="123456123456") for _ in range(2)])
    assert [code for _, code, _ in findings_in(data)] == ["no_utvidet_frist", "no_fodselsnummer", "no_fodselsnummer"]


# Rule 2.3: the year.


@pytest.mark.parametrize(("written", "year"), [("2020", 2020), (" 2020 ", 2020), ("2020Z", 2020), ("2021+01:00", 2021)])
def test_versjon_is_year(written: str, year: int) -> None:
    assert parse_single_annual_file(annual_file(ONE, year=written)).year == year


@pytest.mark.parametrize("written", [None, "", "20", "20201", "i fjor", "2020-01-01", "0000"])
def test_versjon_without_year_refuses_file(written: str | None) -> None:
    assert rejection(annual_file(ONE, year=written)) == ("versjon", 2, "Avgiver@Versjon")


def test_date_after_year_is_warning() -> None:
    data = annual_file(individ(meldinger=[melding("2020-12-31", "2021-01-01")]), year=2020)
    assert findings_in(data)[1:] == [("warning", "after_uttrekk", "Melding@SluttDato")]
    assert findings_in(annual_file(individ(meldinger=[melding("2020-12-31", "2020-12-31")]), year=2020)) == [
        THREE_MONTHS
    ]


# Rule 2.4: bydeler.


def test_children_are_divided_by_bydel() -> None:
    data = annual_file(
        individ(bydel="02", bydelsnavn=None),
        individ(bydel="11", bydelsnavn="Nordstrand"),
        individ(bydel="2", bydelsnavn="Grünerløkka"),
        individ(bydel="11", bydelsnavn=None),
        individ(bydel="11", bydelsnavn="Et annet navn"),
        individ(),
        org="958935420",
        kommunenavn="Oslo",
    )
    read = parse_single_annual_file(data)
    assert [(part.avgiver, len(part.individer)) for part in read.parts] == [
        (Avgiver("958935420", "0301", "Oslo", "02", "Grünerløkka"), 2),
        (Avgiver("958935420", "0301", "Oslo", "11", "Nordstrand"), 3),
        (Avgiver("958935420", "0301", "Oslo", "", ""), 1),
    ]
    assert read.organisasjonsnummer == "958935420"


def test_invalid_bydelsnummer_is_error_and_ignored() -> None:
    data = annual_file(individ(bydel="Sentrum"))
    (part,) = parse_single_annual_file(data).parts
    assert (part.avgiver.bydelsnummer, part.avgiver.bydelsnavn) == ("", "")
    assert findings_in(data)[1:] == [("error", "bydelsnummer", "Individ@Bydelsnummer")]
    assert part.individer[0].content.finding_count == 1


# Rule 2.5: one finding per file.


def test_missing_extensions_are_reported_once_per_file() -> None:
    data = annual_file(individ(), individ())
    assert findings_in(data) == [THREE_MONTHS]
    read = parse_single_annual_file(data)
    assert read.finding_count == 1
    assert [individ.content.finding_count for individ in read.parts[0].individer] == [0, 0]


def test_envelope_findings_count_towards_file() -> None:
    data = b"\xef\xbb\xbf" + annual_file(individ(), kommune="12", head="", encoding="utf-8")
    assert findings_in(data) == [
        ("notice", "byte_order_mark", ""),
        ("error", "kommunenummer", "Avgiver@Kommunenummer"),
        THREE_MONTHS,
    ]
    assert parse_single_annual_file(data).finding_count == 3


# Rule 10: refused files.


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (annual_file(ONE, sender=None), ("no_avgiver", 2, "Barnevern/Avgiver")),
        (annual_file(ONE, org=None), ("organisasjonsnummer", 2, "Avgiver@Organisasjonsnummer")),
        (annual_file(ONE, org="12345678"), ("organisasjonsnummer", 2, "Avgiver@Organisasjonsnummer")),
        (annual_file(ONE, org="1234567890"), ("organisasjonsnummer", 2, "Avgiver@Organisasjonsnummer")),
        (annual_file(), ("no_individ", 2, "Barnevern/Individ")),
        (annual_file(ONE)[:-20], ("not_well_formed", 2, "")),
        (annual_file(ONE, head='<?xml version="1.0"?>\n<!DOCTYPE Barnevern>\n'), ("doctype", 0, "")),
    ],
)
def test_file_with_unusable_envelope_is_refused(data: bytes, why: tuple[str, int, str]) -> None:
    assert rejection(data) == why


def test_file_over_case_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kostra_15f, "MAX_CASES", 3)
    assert len(parse_single_annual_file(annual_file(ONE, ONE, ONE)).parts[0].individer) == 3
    assert rejection(annual_file(ONE, ONE, ONE, ONE)) == ("too_large", 2, "Barnevern/Individ")


def test_refused_file_keeps_its_format() -> None:
    assert parse(annual_file(sender=avgiver(year="x"))).format == "15f"


# Rule 4.1: what is stored of a child.


def test_content_hash_depends_on_content_and_key() -> None:
    def digest(data: bytes, key: bytes = b"k" * 32) -> bytes:
        return parse_single_annual_file(data, key).parts[0].individer[0].content_hash

    plain = annual_file(individ(meldinger=[melding("2020-02-10")]))
    same = annual_file(
        individ(meldinger=[melding("2020-02-10", Mer="1")], Saksbehandler="En annen", fodselsnummer="17031088194")
    )
    assert digest(plain) == digest(same)
    assert digest(plain) != digest(plain, b"l" * 32)
    assert digest(plain) != digest(annual_file(individ(meldinger=[melding("2020-02-11")])))


def test_person_data_is_not_in_result() -> None:
    data = annual_file(
        individ(
            id="idhemmelig",
            Journalnummer="jourhemmelig",
            fodselsnummer="01011099293",
            duf="998877665544",
            Saksbehandler="Ola Hemmelig",
            meldinger=[melding("2020-02-10", id="melhemmelig", SluttDato="hemmelig dato", Konklusjon="hemmelig")],
        )
    )
    read = parse(data)
    assert len(read.findings) == 3
    handed_on = msgspec.msgpack.encode(read.annual_files) + msgspec.json.encode(read.findings)
    assert not [word for word in (b"hemmelig", b"Hemmelig", b"99293", b"9988776") if word in handed_on]
    assert read.annual_files[0].parts[0].individer[0].content.meldinger == [
        Melding("2020-02-10", None, None, "2020-02-17")
    ]


# Large files are parsed without their tree (`parser_helpers.parse` compares both ways for every file).


@pytest.mark.parametrize(
    ("data", "is_streamed"),
    [
        (annual_file(ONE, ONE), True),
        (annual_file(ONE, individ().replace("</Individ>", ONE + "</Individ>")), True),
        (annual_file(ONE, ONE, "<Individ/>").replace(b"><", b">\n" + b"\n" * 40_000 + b"<"), False),
        (annual_file(*[ONE] * 1000, avgiver(), sender=None), False),
        (annual_file(ONE, year="x"), False),
        (annual_file(ONE, "<Sak/>"), False),
        (annual_file(ONE) + b"<", False),
        (annual_file(), False),
        (annual_file(ONE).replace(b"Barnevern", b"Barnevernet"), False),
    ],
    ids=[
        "two children",
        "a child in a child",
        "an empty child beyond line 65,535",
        "Avgiver after many children",
        "no year",
        "a case too",
        "not well-formed",
        "no child",
        "another root",
    ],
)
def test_file_is_parsed_without_tree_unless_its_tree_is_needed(data: bytes, is_streamed: bool) -> None:
    assert (kostra_15f.parse_streamed(data, 1, KEY) is not None) is is_streamed
    parse(data)


def test_large_file_gives_the_same_as_its_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    data = annual_file(*[ONE] * 5000)
    assert len(data) > MIB
    contents = parse(data)
    monkeypatch.setattr(xml_input, "parse_xml", None)  # no tree is made
    assert parse(data) == contents
