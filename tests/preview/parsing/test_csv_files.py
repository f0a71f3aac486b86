"""The two CSV files (rules 3.1, 3.4 and 6.1): recognised by the first line, checked line by line."""

import pytest

from preview.model.case_records import OrganizationListing, SupplementaryFigure
from preview.parsing import csv_files
from tests.preview.parsing.parser_helpers import parse, rejection

HEAD = "organization_id,period_id,field_key,value,data_source\n"
GOOD = "org-1042,2024,antall_arsverk,12.5,hr-system\n"
LISTED_HEAD = "organization_id,organization_name,organisasjonsnummer,bydelsnummer\n"
LISTED = "org-1042,Barnevernstjenesten Oslo Sør,958935420,02\n"


def parse_figures(text: str) -> list[SupplementaryFigure]:
    read = parse(text.encode())
    assert read.format == "figures"
    assert not read.findings
    assert not read.listings
    return read.figures


def parse_listings(text: str) -> list[OrganizationListing]:
    read = parse(text.encode())
    assert read.format == "organizations"
    assert not read.findings
    assert not read.figures
    return read.listings


def row_errors(text: str) -> list[tuple[str, int, str]]:
    """Return code, line and column of each finding."""
    found = parse(text.encode()).findings
    assert {finding.severity for finding in found} <= {"error"}
    return [(finding.code, finding.line, finding.element) for finding in found]


def test_figure_is_parsed() -> None:
    assert parse_figures(HEAD + GOOD) == [
        SupplementaryFigure(1, 2, "org-1042", "2024", "antall_arsverk", 12.5, "hr-system")
    ]


def test_organisation_is_parsed() -> None:
    assert parse_listings(LISTED_HEAD + LISTED + "org-3401,Kongsvinger,944117784,\n") == [
        OrganizationListing(1, 2, "org-1042", "Barnevernstjenesten Oslo Sør", "958935420", "02"),
        OrganizationListing(1, 3, "org-3401", "Kongsvinger", "944117784", ""),
    ]


def test_data_source_defaults_to_manuell() -> None:
    assert parse_figures(HEAD + "org-1,2024,antall_arsverk,1,\n")[0].data_source == "manuell"
    assert (
        parse_figures("organization_id,period_id,field_key,value\norg-1,2024,antall_arsverk,1\n")[0].data_source
        == "manuell"
    )


def test_bydelsnummer_is_optional() -> None:
    assert (
        parse_listings("organization_id,organization_name,organisasjonsnummer\norg-1,Navn,958935420\n")[0].bydelsnummer
        == ""
    )
    assert parse_listings(LISTED_HEAD + "org-1,Navn,958935420,2\n")[0].bydelsnummer == "02"  # as spreadsheets leave it


def test_empty_value_removes_figure() -> None:
    assert (
        parse_figures(HEAD + "org-1,2024-H2,antall_arsverk,,\norg-1,2024-H2,antall_arsverk_ubesatt,  ,\n")[0].value
        is None
    )
    assert (
        parse_figures(HEAD + "org-1,2024-H2,antall_arsverk,,\norg-1,2024-H2,antall_arsverk_ubesatt,  ,\n")[1].value
        is None
    )


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0.0), ("12", 12.0), ("12.25", 12.25), ("-1", -1.0), ("+3", 3.0), ('"7"', 7.0)]
)
def test_number_notations_are_parsed(text: str, value: float) -> None:
    assert parse_figures(f"{HEAD}org-1,2024,antall_arsverk,{text},\n")[0].value == value


@pytest.mark.parametrize(("text", "value"), [("12,5", 12.5), ("12.5", 12.5), ("-0,25", -0.25), ("7", 7.0)])
def test_decimal_comma_is_read_with_semicolons(text: str, value: float) -> None:
    rows = HEAD.replace(",", ";") + f"org-1;2024;antall_arsverk;{text};\n"
    assert parse_figures(rows)[0].value == value


@pytest.mark.parametrize(
    "text", ["x", "1e3", "nan", "inf", "1.2.3", "1 000", "12,5", "1.", ".5", "0x1", "١", "1" * 13, "--1"]
)
def test_invalid_number_refuses_only_its_line(text: str) -> None:
    rows = f'{HEAD}{GOOD}org-1,2024,antall_arsverk,"{text}",\n{GOOD}'
    assert row_errors(rows) == [("csv_value", 3, "value")]
    assert len(parse(rows.encode()).figures) == 2


def test_thousands_separator_is_not_decimal_comma() -> None:
    assert row_errors(HEAD.replace(",", ";") + "org-1;2024;antall_arsverk;1,000,5;\n") == [("csv_value", 2, "value")]


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
def test_invalid_figure_line_is_refused_alone(line: str, fault: tuple[str, str]) -> None:
    rows = HEAD + GOOD + line + "\n" + GOOD
    assert row_errors(rows) == [(fault[0], 3, fault[1])]
    assert [figure.line for figure in parse(rows.encode()).figures] == [2, 4]


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
def test_invalid_listing_line_is_refused_alone(line: str, fault: tuple[str, str]) -> None:
    rows = LISTED_HEAD + LISTED + line + "\n" + LISTED
    assert row_errors(rows) == [(fault[0], 3, fault[1])]
    assert [listing.line for listing in parse(rows.encode()).listings] == [2, 4]


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
def test_equivalent_notations_parse_equal(rows: str) -> None:
    assert parse_figures(rows) == [SupplementaryFigure(1, 2, "org-1042", "2024", "antall_arsverk", 12.5, "hr-system")]


def test_quoted_fields_may_hold_separators_quotes_and_line_ends() -> None:
    rows = LISTED_HEAD + 'org-1,"Navn, ""med"" komma",958935420,\n\norg-2,Navn,958935421,\n'
    assert [(listing.organization_name, listing.line) for listing in parse_listings(rows)] == [
        ('Navn, "med" komma', 2),
        ("Navn", 4),
    ]
    broken = LISTED_HEAD + 'org-1,"Navn\npå to linjer",958935420,\norg-2,Navn,x,\n'
    assert row_errors(broken) == [
        ("csv_organization_name", 2, "organization_name"),
        ("csv_organisasjonsnummer", 4, "organisasjonsnummer"),
    ]


def test_unterminated_quote_is_error_and_ends_file() -> None:
    assert row_errors(HEAD + GOOD + 'org-1,2024,"antall_arsverk,1,\n' + GOOD) == [("csv_line", 3, "")]


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
def test_unknown_header_is_unknown_format(head: str) -> None:
    assert rejection((head + GOOD).encode()) == ("unknown_format", 1, "")


def test_invalid_utf_8_is_refused_with_its_line() -> None:
    assert rejection((LISTED_HEAD + LISTED).encode("iso-8859-1")) == ("encoding", 2, "")


def test_header_alone_is_empty() -> None:
    assert parse_figures(HEAD) == []
    assert parse_listings(LISTED_HEAD.rstrip("\n")) == []


def test_field_keys_can_be_restricted() -> None:
    rows = (HEAD + GOOD + GOOD.replace("antall_arsverk", "antall_meldinger_mottatt")).encode()
    read = csv_files.parse_csv_file(rows, 1, frozenset({"antall_arsverk"}))
    assert [figure.field_key for figure in read.figures] == ["antall_arsverk"]
    assert [(finding.code, finding.line, finding.element) for finding in read.findings] == [
        ("csv_field", 3, "field_key")
    ]
    assert len(csv_files.parse_csv_file(rows, 1).figures) == 2


def test_oversized_field_is_error_of_its_line() -> None:
    rows = HEAD + f"org-1,2024,{'x' * 200_000},1,\n" + GOOD
    assert row_errors(rows) == [("csv_line", 2, "")]
    assert len(parse(rows.encode()).figures) == 1
