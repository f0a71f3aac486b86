"""Complete files of each published version of the format are parsed without a finding.

If BUFDIR_XSD names a folder with Barnevern_v1.xsd, _v3.xsd and _v4.xsd, the files are validated against them too.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from preview.model.case_records import Flytting, Melding, Plan, Tiltak, Undersokelse
from tests.preview.parsing.parser_helpers import findings_in, parse_single_folder
from tests.preview.parsing.xml_versions import FREE_TEXT, complete

VERSIONS = [1, 3, 4]
XS = "{http://www.w3.org/2001/XMLSchema}"


@pytest.mark.parametrize("version", VERSIONS)
def test_complete_folder_has_no_findings(version: int) -> None:
    assert findings_in(complete(version)) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_complete_folder_keeps_one_element_of_each_kind(version: int) -> None:
    record = parse_single_folder(complete(version))
    stored = record.content
    assert stored is not None
    assert stored.fodt == "2010-03"
    assert stored.meldinger == [Melding("2023-01-10", "2023-01-17", 2, "2023-01-17")]
    assert stored.undersokelser == [Undersokelse("2023-01-17", "2023-06-30", 1, "2023-07-17")]
    assert stored.planer == [Plan("2023-07-01", "2023-12-31", 1)]
    assert stored.evalueringer == ["2023-09-01", "2023-10-01"]
    assert stored.tiltak == [
        Tiltak("2023-07-01", "2024-01-31", "2.99", omsorg=0, akutt=0, hjelpetiltak=1, plassering=1, opphevet=4)
    ]
    assert stored.tilsyn == ["2023-08-01"]
    assert stored.flyttinger == [Flytting("2024-01-31", "1.1.5", "8")]
    assert record.migrated_key is None
    assert FREE_TEXT not in repr(record)


@pytest.fixture
def schemas() -> Path:
    folder = os.environ.get("BUFDIR_XSD")
    if not folder:
        pytest.skip("BUFDIR_XSD is not set.")
    return Path(folder)


@pytest.mark.parametrize("version", VERSIONS)
def test_complete_folder_is_valid_against_its_schema(schemas: Path, version: int) -> None:
    schema = etree.XMLSchema(etree.parse(schemas / f"Barnevern_v{version}.xsd"))
    schema.assertValid(etree.fromstring(complete(version)))


@pytest.mark.parametrize("version", VERSIONS)
def test_complete_folder_covers_whole_schema(schemas: Path, version: int) -> None:
    schema = etree.parse(schemas / f"Barnevern_v{version}.xsd").getroot()
    root = etree.fromstring(complete(version))
    allowed = set(_allowed_paths(schema, schema.find(f"{XS}element"), "/Barnevern"))
    assert len(allowed) > 150
    assert sorted(path for path in allowed if not root.xpath(path)) == []


def _allowed_paths(schema: Any, declared: Any, path: str) -> Iterator[str]:
    """Return the paths of all elements and attributes that the schema allows under a declared element."""
    name = declared.get("type")
    kind = declared.find(f"{XS}complexType") if name is None else schema.find(f"{XS}complexType[@name='{name}']")
    if kind is None:
        return
    for attribute in kind.iterfind(f"{XS}attribute"):
        yield f"{path}/@{attribute.get('name') or attribute.get('ref')}"
    for child in kind.iterfind(f"{XS}sequence/{XS}element"):
        yield f"{path}/{child.get('name')}"
        yield from _allowed_paths(schema, child, f"{path}/{child.get('name')}")
