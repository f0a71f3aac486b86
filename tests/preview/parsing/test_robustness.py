"""Any input is parsed or refused, and no text of it is in the result (rule 4.1)."""

import re
from collections.abc import Callable
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview.model.case_records import CaseContent
from preview.parsing.file_parser import FileContents
from tests.builders.case_xml import barnevern, folder, sak
from tests.preview.parsing.parser_helpers import parse
from tests.preview.parsing.xml_versions import complete

VERSIONS = {version: complete(version).decode() for version in (1, 3, 4)}
VALUE = re.compile(r'(?<==")[^"]*(?=")|(?<=>)[^<>]+(?=<)')

odd_values = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "0",
            "-1",
            "true",
            "9999-12-31",
            "0001-01-01",
            "2024-02-30",
            "2024-12-31T24:00:00Z",
            "§ 4-12",
            "99",
            "1.1.1",
        ]
    ),
    st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters='<&">\uffff\ufffe'), max_size=50),
    st.dates().map(date.isoformat),
)


def assert_consistent(read: FileContents) -> None:
    """Assert what holds for the content of any file."""
    for record in read.folders:
        assert len(record.key) == len(record.delivery_hash or bytes(32)) == 32
        if record.content is not None:
            assert msgspec.msgpack.decode(msgspec.msgpack.encode(record.content), type=CaseContent) == record.content
            days = re.findall(r"\d{4}-\d{2}-\d{2}", repr(record.content))
            assert [date.fromisoformat(day).isoformat() for day in days] == days
    assert read.refused == any(finding.severity == "refused" for finding in read.findings)
    assert not (read.refused and read.folders)


@given(st.sampled_from([1, 3, 4]), st.lists(st.tuples(st.integers(0, 10_000), odd_values), min_size=1, max_size=8))
def test_odd_values_anywhere_are_read_or_refused(version: int, changes: list[tuple[int, str]]) -> None:
    text = VERSIONS[version]
    for place, value in changes:
        places = list(VALUE.finditer(text))
        found = places[place % len(places)]
        text = text[: found.start()] + value + text[found.end() :]
    assert_consistent(parse(text.encode()))


@given(st.sampled_from([1, 3, 4]), st.data())
def test_moved_or_missing_elements_are_read_or_refused(version: int, data: st.DataObject) -> None:
    text = VERSIONS[version]
    elements = [found.group() for found in re.finditer(r"<(\w+)[^<>]*/>|<(\w+)[^<>]*>[^<>]*</\2>", text)]
    for _ in range(data.draw(st.integers(1, 5))):
        element, other = data.draw(st.sampled_from(elements)), data.draw(st.sampled_from(elements))
        text = text.replace(
            element, data.draw(st.sampled_from(["", element + element, other])), data.draw(st.integers(1, 3))
        )
    assert_consistent(parse(text.encode()))


@given(st.sampled_from([1, 3, 4]), st.integers(0, 100_000), st.binary(min_size=1, max_size=6))
def test_corrupted_bytes_are_read_or_refused(version: int, position: int, junk: bytes) -> None:
    data = VERSIONS[version].encode()
    at = position % len(data)
    assert_consistent(parse(data[:at]))
    assert_consistent(parse(data[:at] + junk + data[at:]))
    assert_consistent(parse(data[:at] + junk + data[at + len(junk) :]))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    assert parse(data).refused


@given(st.text(max_size=300))
def test_any_csv_body_is_read_or_reported(text: str) -> None:
    head = "organization_id,period_id,field_key,value\n"
    try:
        read = parse((head + text).encode())
    except UnicodeEncodeError:
        return
    assert {finding.severity.value for finding in read.findings} <= {"error", "refused"}


SENTINEL = "Zxq"


def plant_sentinels(text: str, keep: set[str]) -> str:
    """Return the text with a sentinel at the end of each value, except in the attributes of `keep`."""

    def plant(found: re.Match[str]) -> str:
        return found.group() if found.group(1) in keep else f'{found.group(1)}="{found.group(2)}{SENTINEL}"'

    return re.sub(r'(\w+)="([^"]*)"', plant, text).replace("<Sak ", f"<!-- {SENTINEL} --><Sak ")


FORMAL = {
    "version",
    "encoding",
    "Organisasjonsnummer",
    "Kommunenummer",
    "Bydelsnummer",
    "DatoUttrekk",
    "Navn",
    "Kommunenavn",
    "Bydelsnavn",
}
DATES = {"StartDato", "SluttDato", "UtfortDato", "EndretDato", "TilbudSendtDato", "Fodseldato"}
CODES = {"Kode", "Plantype", "Kjonn", "Innvilget", "ErSlettet", "Type", "FraType", "TilType"}


@pytest.mark.parametrize("version", [1, 3, 4])
@pytest.mark.parametrize("keep", [FORMAL | DATES | CODES, FORMAL | DATES, FORMAL | CODES, FORMAL])
def test_no_case_value_leaks(version: int, keep: set[str]) -> None:
    text = plant_sentinels(VERSIONS[version], keep)
    assert text.count(SENTINEL) > 50
    read = parse(text.encode())
    assert not read.refused
    assert len(read.folders) == 1
    assert SENTINEL not in repr(read)
    for name in ("15031000100", "200012345678", "gammel-", "00000000-0000-4000", "2020-0001", "saksbehandleren"):
        assert name not in repr(read)


@pytest.mark.parametrize(
    "breaking",
    [
        lambda text: text.replace("</Sak>", f"</{SENTINEL}>"),
        lambda text: text.replace("</Sak>", f"&{SENTINEL};</Sak>"),
        lambda text: text.replace("<Sak ", f"<{SENTINEL}:Sak "),
        lambda text: text.replace("<Sak ", f"<Sak {SENTINEL} "),
        lambda text: text.replace("<Sak ", f"<Sak {SENTINEL}='1' {SENTINEL}='2' "),
        lambda text: text.replace("<Sak ", f"<Sak Journal='{SENTINEL}<' "),
        lambda text: text.replace("<Sak ", f"<{SENTINEL}/><Sak "),
        lambda text: text.replace(
            "<Barnevern ", f"<!DOCTYPE {SENTINEL} [<!ENTITY {SENTINEL} '{SENTINEL}'>]><Barnevern "
        ),
        lambda text: text.replace("UTF-8", SENTINEL),
        lambda text: text + SENTINEL,
        lambda text: SENTINEL + text,
        lambda text: text[: text.index(SENTINEL) + len(SENTINEL)],
        lambda text: text.replace("DatoUttrekk", f"{SENTINEL}DatoUttrekk"),
        lambda text: text.replace("999999999", SENTINEL),
        lambda text: text.replace("Barnevern", SENTINEL),
    ],
)
def test_no_value_leaks_from_malformed_file(breaking: Callable[[str], str]) -> None:
    text = breaking(barnevern([sak(Journalnummer=SENTINEL)]))
    assert SENTINEL in text
    assert SENTINEL not in repr(parse(text.encode()))


@pytest.mark.parametrize(
    "line",
    [f"{SENTINEL},2024,x,1", f"org-1,{SENTINEL},x,1", f"org-1,2024,x,{SENTINEL}", f'org-1,"{SENTINEL}', SENTINEL],
)
def test_no_value_leaks_from_invalid_csv_line(line: str) -> None:
    read = parse(f"organization_id,period_id,field_key,value\n{line}\n".encode())
    assert len(read.findings) == 1
    assert SENTINEL not in repr(read)
    assert SENTINEL not in repr(parse(f"{SENTINEL},organization_id\n{line}".encode()))


def test_avgiver_is_stored_as_written() -> None:
    assert "Testkommune" in repr(parse(folder()))
