"""The two CSV files (rules 3.1, 3.4 and 6.1): recognised by the first line, checked line by line."""

import pytest

from preview.i18n.catalog import MessageCatalog
from preview.i18n.finding_texts import finding_action, finding_message
from preview.model.case_records import OrganizationListing, SupplementaryFigure
from preview.model.findings import FindingCode
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
    "text", ["x", "1e3", "nan", "inf", "1.2.3", "1 000", "1,000", "1,2,3", "1.", ".5", "0x1", "١", "1" * 13, "--1"]
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
        "organization_id\nperiod_id\n",
        "Navn;Antall\n",
        "sep=;\n",
    ],
)
def test_other_columns_are_refused_as_csv(head: str) -> None:
    assert rejection((head + GOOD).encode()) == ("csv_header", 1, "")
    assert rejection((head + GOOD).encode("utf-16")) == ("csv_header", 1, "")


@pytest.mark.parametrize("data", [b'"organization_id\n', b"plain text", b"\x89PNG\r\n\x1a\n;;;", b"\x81\x00;"])
def test_what_is_no_table_is_unknown_format(data: bytes) -> None:
    assert rejection(data) == ("unknown_format", 1, "")


# Encodings, separators and line ends as people's programs write them.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_unicode_csv_is_read(encoding: str, separator: str, line_end: str) -> None:
    mark = "\ufeff" if encoding.startswith("utf-16-") else ""
    text = mark + (LISTED_HEAD + LISTED + "org-9,x,y,\n").replace(",", separator).replace("\n", line_end)
    contents = parse(text.encode(encoding))
    assert contents.listings == [
        OrganizationListing(1, 2, "org-1042", "Barnevernstjenesten Oslo Sør", "958935420", "02")
    ]
    assert [(finding.code, finding.line) for finding in contents.findings] == [("csv_organisasjonsnummer", 3)]


def test_windows_1252_is_read_with_a_notice() -> None:
    contents = parse((LISTED_HEAD + LISTED.replace("Sør", "Sør – €")).replace(",", ";").encode("cp1252"))
    assert [listing.organization_name for listing in contents.listings] == ["Barnevernstjenesten Oslo Sør – €"]
    assert [(finding.severity, finding.code, finding.line) for finding in contents.findings] == [
        ("notice", "csv_windows_1252", 0)
    ]


@pytest.mark.parametrize(
    "data",
    [
        (LISTED_HEAD + LISTED).encode() + b"org-1,\x81\xf8,958935420,\n",
        b"\xef\xbb\xbf" + (LISTED_HEAD + LISTED).encode() + b"org-1,\xf8,958935420,\n",
        (LISTED_HEAD + LISTED).replace("\n", "\r\n").encode() + b"org-1,\x81\xf8,958935420,\n",
    ],
)
def test_bytes_of_no_encoding_are_refused_with_their_line(data: bytes) -> None:
    assert rejection(data) == ("csv_encoding", 3, "")


def test_half_a_character_of_utf_16_is_refused() -> None:
    assert rejection((LISTED_HEAD + LISTED).encode("utf-16")[:-1])[0] == "csv_encoding"


@pytest.mark.parametrize(
    "first", ["sep=;", "SEP=;", '"sep=;"', 'sep=";"', '"sep="";"""', "sep=;;;;", "sep=,", " sep = ; "]
)
def test_separator_line_is_skipped(first: str) -> None:
    contents = parse(
        ("\ufeff" + first + "\r\n" + (HEAD + GOOD + "x\n").replace(",", ";").replace("\n", "\r\n")).encode()
    )
    assert [(figure.line, figure.value) for figure in contents.figures] == [(3, 12.5)]
    assert [(finding.code, finding.line) for finding in contents.findings] == [("csv_line", 4)]


@pytest.mark.parametrize(("head_end", "row_end"), [(";", ";"), (";;;", ";;;"), (";", ""), ("", ";"), ("; ;", ";;;;")])
def test_empty_columns_at_the_end_are_ignored(head_end: str, row_end: str) -> None:
    head, row = HEAD.replace(",", ";").rstrip(), GOOD.replace(",", ";").rstrip()
    assert [figure.value for figure in parse_figures(f"{head}{head_end}\r\n{row}{row_end}\r\n")] == [12.5]
    assert row_errors(f"{head}{head_end}\r\n{row};x\r\n") == [("csv_line", 2, "")]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize(
    ("text", "value"),
    [("12,5", 12.5), ("12.5", 12.5), ("1\u00a0234,5", 1234.5), ("1\u202f234.5", 1234.5), ("1\u2009234", 1234.0)],
)
def test_numbers_of_norwegian_programs_are_read(separator: str, text: str, value: float) -> None:
    rows = HEAD.replace(",", separator) + separator.join(("org-1", "2024", "antall_arsverk", f'"{text}"', "x")) + "\n"
    assert [figure.value for figure in parse_figures(rows)] == [value]


def test_spaces_within_organisation_numbers_are_ignored() -> None:
    assert parse_listings(LISTED_HEAD + "org-1,Navn,958\u00a0935\u00a0420,\n")[0].organisasjonsnummer == "958935420"


def test_texts_about_csv_do_not_speak_of_xml() -> None:
    texts = MessageCatalog.load()
    for code in FindingCode:
        if code.value.startswith("csv_"):
            for message in (finding_message(texts, code.value), finding_action(texts, code.value)):
                assert not any("XML" in text for text in (message.nb, message.nn, message.en, code.detail)), code


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
