"""The two CSV files (`domain.md` 3.1, 6.1): told by their head line, refused line by line."""

import pytest

from preview.model.case_records import Figur, Oppforing
from preview.parsing import csv_files
from tests.preview.parsing.parser_helpers import contents, refusal

HEAD = "organization_id,period_id,field_key,value,data_source\n"
GOOD = "org-1042,2024,antall_arsverk,12.5,hr-system\n"
LISTED_HEAD = "organization_id,organization_name,organisasjonsnummer,bydelsnummer\n"
LISTED = "org-1042,Barnevernstjenesten Oslo Sør,958935420,02\n"


def figurer(text: str) -> list[Figur]:
    read = contents(text.encode())
    assert read.format == "figures"
    assert not read.findings
    assert not read.oppforinger
    return read.figurer


def oppforinger(text: str) -> list[Oppforing]:
    read = contents(text.encode())
    assert read.format == "organizations"
    assert not read.findings
    assert not read.figurer
    return read.oppforinger


def faults(text: str) -> list[tuple[str, int, str]]:
    """Code, line and column of each finding."""
    found = contents(text.encode()).findings
    assert {each.severity for each in found} <= {"error"}
    return [(each.code, each.line, each.element) for each in found]


def test_a_figure() -> None:
    assert figurer(HEAD + GOOD) == [Figur(1, 2, "org-1042", "2024", "antall_arsverk", 12.5, "hr-system")]


def test_an_organisation() -> None:
    assert oppforinger(LISTED_HEAD + LISTED + "org-3401,Kongsvinger,944117784,\n") == [
        Oppforing(1, 2, "org-1042", "Barnevernstjenesten Oslo Sør", "958935420", "02"),
        Oppforing(1, 3, "org-3401", "Kongsvinger", "944117784", ""),
    ]


def test_the_source_is_manuell_by_default() -> None:
    assert figurer(HEAD + "org-1,2024,antall_arsverk,1,\n")[0].data_source == "manuell"
    assert figurer("organization_id,period_id,field_key,value\norg-1,2024,antall_arsverk,1\n")[0].data_source == "manuell"


def test_the_bydel_may_be_left_out() -> None:
    assert oppforinger("organization_id,organization_name,organisasjonsnummer\norg-1,Navn,958935420\n")[0].bydelsnummer == ""
    assert oppforinger(LISTED_HEAD + "org-1,Navn,958935420,2\n")[0].bydelsnummer == "02"  # as spreadsheets leave it


def test_an_empty_value_takes_the_figure_away() -> None:
    assert figurer(HEAD + "org-1,2024-H2,antall_arsverk,,\norg-1,2024-H2,antall_arsverk_ubesatt,  ,\n")[0].verdi is None
    assert figurer(HEAD + "org-1,2024-H2,antall_arsverk,,\norg-1,2024-H2,antall_arsverk_ubesatt,  ,\n")[1].verdi is None


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("12", 12.0), ("12.25", 12.25), ("-1", -1.0), ("+3", 3.0), ('"7"', 7.0)])
def test_numbers(text: str, value: float) -> None:
    assert figurer(f"{HEAD}org-1,2024,antall_arsverk,{text},\n")[0].verdi == value


@pytest.mark.parametrize(("text", "value"), [("12,5", 12.5), ("12.5", 12.5), ("-0,25", -0.25), ("7", 7.0)])
def test_with_semicolons_a_decimal_comma_is_read(text: str, value: float) -> None:
    rows = HEAD.replace(",", ";") + f"org-1;2024;antall_arsverk;{text};\n"
    assert figurer(rows)[0].verdi == value


@pytest.mark.parametrize("text", ["x", "1e3", "nan", "inf", "1.2.3", "1 000", "12,5", "1.", ".5", "0x1", "١", "1" * 13, "--1"])
def test_what_is_no_number_refuses_its_line_alone(text: str) -> None:
    rows = f'{HEAD}{GOOD}org-1,2024,antall_arsverk,"{text}",\n{GOOD}'
    assert faults(rows) == [("csv_value", 3, "value")]
    assert len(contents(rows.encode()).figurer) == 2


def test_a_thousands_separator_is_no_decimal_comma() -> None:
    assert faults(HEAD.replace(",", ";") + "org-1;2024;antall_arsverk;1,000,5;\n") == [("csv_value", 2, "value")]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1042,2024,antall_arsverk,1,", ("csv_organization_id", "organization_id")),
        ("org-,2024,antall_arsverk,1,", ("csv_organization_id", "organization_id")),
        ("org-Oslo,2024,antall_arsverk,1,", ("csv_organization_id", "organization_id")),
        (f"org-{'a' * 41},2024,antall_arsverk,1,", ("csv_organization_id", "organization_id")),
        (",2024,antall_arsverk,1,", ("csv_organization_id", "organization_id")),
        ("org-1,2024-H3,antall_arsverk,1,", ("csv_period", "period_id")),
        ("org-1,24,antall_arsverk,1,", ("csv_period", "period_id")),
        ("org-1,2024-h1,antall_arsverk,1,", ("csv_period", "period_id")),
        ("org-1,,antall_arsverk,1,", ("csv_period", "period_id")),
        ("org-1,2024,,1,", ("csv_field", "field_key")),
        (f"org-1,2024,antall_arsverk,1,{'x' * 65}", ("csv_source", "data_source")),
        ("org-1,2024,antall_arsverk,1,a\x07b", ("csv_source", "data_source")),
        ("org-1,2024,antall_arsverk,1", ("csv_line", "")),
        ("org-1,2024,antall_arsverk,1,x,y", ("csv_line", "")),
        ("org-1", ("csv_line", "")),
        ('org-1,"20"24,antall_arsverk,1,', ("csv_line", "")),
    ],
)
def test_a_wrong_line_of_figures_is_refused_and_only_that(line: str, fault: tuple[str, str]) -> None:
    rows = HEAD + GOOD + line + "\n" + GOOD
    assert faults(rows) == [(fault[0], 3, fault[1])]
    assert [each.line for each in contents(rows.encode()).figurer] == [2, 4]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1042,Navn,958935420,", ("csv_organization_id", "organization_id")),
        ("org-1,,958935420,", ("csv_organization_name", "organization_name")),
        (f"org-1,{'x' * 251},958935420,", ("csv_organization_name", "organization_name")),
        ("org-1,Na\x07vn,958935420,", ("csv_organization_name", "organization_name")),
        ("org-1,Navn,95893542,", ("csv_organisasjonsnummer", "organisasjonsnummer")),
        ("org-1,Navn,,", ("csv_organisasjonsnummer", "organisasjonsnummer")),
        ("org-1,Navn,95893542O,", ("csv_organisasjonsnummer", "organisasjonsnummer")),
        ("org-1,Navn,958935420,123", ("csv_bydelsnummer", "bydelsnummer")),
        ("org-1,Navn,958935420,x", ("csv_bydelsnummer", "bydelsnummer")),
        ("org-1,Navn,958935420", ("csv_line", "")),
        ("org-1,Navn, med komma,958935420,02", ("csv_line", "")),
    ],
)
def test_a_wrong_line_of_organisations_is_refused_and_only_that(line: str, fault: tuple[str, str]) -> None:
    rows = LISTED_HEAD + LISTED + line + "\n" + LISTED
    assert faults(rows) == [(fault[0], 3, fault[1])]
    assert [each.line for each in contents(rows.encode()).oppforinger] == [2, 4]


@pytest.mark.parametrize(
    "rows",
    [
        HEAD + GOOD,
        HEAD.replace(",", ";") + GOOD.replace(",", ";"),
        "\ufeff" + HEAD + GOOD,
        (HEAD + GOOD).replace("\n", "\r\n"),
        HEAD.upper() + GOOD,
        HEAD.replace(",", " , ") + GOOD.replace(",", " ,"),
        '"organization_id","period_id","field_key","value","data_source"\n"org-1042","2024","antall_arsverk","12.5","hr-system"\n',
        HEAD + GOOD.rstrip("\n"),
        HEAD + GOOD + "\n\n,,,,\n",
        "value,field_key,data_source,organization_id,period_id\n12.5,antall_arsverk,hr-system,org-1042,2024\n",
    ],
)
def test_the_ways_to_write_the_same(rows: str) -> None:
    assert figurer(rows) == [Figur(1, 2, "org-1042", "2024", "antall_arsverk", 12.5, "hr-system")]


def test_quoted_fields_may_hold_separators_quotes_and_line_ends() -> None:
    rows = LISTED_HEAD + 'org-1,"Navn, ""med"" komma",958935420,\n\norg-2,Navn,958935421,\n'
    assert [(each.organization_name, each.line) for each in oppforinger(rows)] == [('Navn, "med" komma', 2), ("Navn", 4)]
    broken = LISTED_HEAD + 'org-1,"Navn\npå to linjer",958935420,\norg-2,Navn,x,\n'
    assert faults(broken) == [("csv_organization_name", 2, "organization_name"), ("csv_organisasjonsnummer", 4, "organisasjonsnummer")]


def test_a_quote_that_does_not_end_takes_the_rest_with_it_and_says_so() -> None:
    assert faults(HEAD + GOOD + 'org-1,2024,"antall_arsverk,1,\n' + GOOD) == [("csv_line", 3, "")]


@pytest.mark.parametrize(
    "head",
    [
        "organization_id,period_id,field_key\n",
        "organization_id,period_id,field_key,value,data_source,comment\n",
        "organization_id,period_id,field_key,value,value\n",
        "organization_id,organization_name\n",
        "organization_id,organization_name,organisasjonsnummer,bydelsnummer,period_id\n",
        GOOD,
        "organization_id\rperiod_id\n",
        '"organization_id\n',
    ],
)
def test_another_head_line_is_of_no_known_format(head: str) -> None:
    assert refusal((head + GOOD).encode()) == ("unknown_format", 1, "")


def test_bytes_that_are_not_utf_8() -> None:
    assert refusal((LISTED_HEAD + LISTED).encode("iso-8859-1")) == ("encoding", 2, "")


def test_a_head_line_alone_holds_nothing() -> None:
    assert figurer(HEAD) == []
    assert oppforinger(LISTED_HEAD.rstrip("\n")) == []


def test_the_keys_that_figures_may_come_for_can_be_given() -> None:
    rows = (HEAD + GOOD + GOOD.replace("antall_arsverk", "antall_meldinger_mottatt")).encode()
    read = csv_files.read(rows, 1, frozenset({"antall_arsverk"}))
    assert [each.field_key for each in read.figurer] == ["antall_arsverk"]
    assert [(each.code, each.line, each.element) for each in read.findings] == [("csv_field", 3, "field_key")]
    assert len(csv_files.read(rows, 1).figurer) == 2


def test_a_field_too_long_for_a_csv_is_an_error_of_its_line() -> None:
    rows = HEAD + f"org-1,2024,{'x' * 200_000},1,\n" + GOOD
    assert faults(rows) == [("csv_line", 2, "")]
    assert len(contents(rows.encode()).figurer) == 1
