"""The form's data is complete, and every mistake in it stops the start."""

import re
import shutil
from pathlib import Path

import pytest

from preview.core.errors import CatalogueError
from preview.form.catalogue import FORM_DIR, Catalogue
from tests.preview.form.case_fixtures import CaseBase

SECTIONS = {
    "meldinger": range(1, 6),
    "undersokelser": range(6, 13),
    "hjelpetiltak": range(13, 17),
    "barn-under-omsorg": range(17, 25),
    "planer": range(25, 29),
    "tilsyn": range(29, 30),
    "flyttinger": range(30, 32),
    "ettervern": range(32, 33),
    "bemanning": range(33, 35),
}


def changed_copy(tmp_path: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the form's data in which the first `old`, which must be there, is `new`."""
    folder = tmp_path / "form"
    shutil.copytree(FORM_DIR, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_form_has_34_fields_in_9_sections(catalogue: Catalogue) -> None:
    assert [field.number for field in catalogue.fields] == list(range(1, 35))
    assert [section.section_id for section in catalogue.sections] == list(SECTIONS)
    found = {
        section.section_id: [field.number for field in catalogue.fields_in_section(section.section_id)]
        for section in catalogue.sections
    }
    assert found == {section: list(numbers) for section, numbers in SECTIONS.items()}
    titles = ["Meldinger", "Undersøkelser", "Hjelpetiltak", "Barn under omsorg", "Planer", "Tilsyn i fosterhjem"]
    assert [section.titles.nb for section in catalogue.sections] == [*titles, "Flyttinger", "Ettervern", "Bemanning"]


def test_field_is_found_by_its_key(catalogue: Catalogue) -> None:
    assert catalogue.field("antall_flyttinger").number == 30
    assert "antall_flyttinger" in catalogue
    assert "antall_barn_med_tiltak" not in catalogue
    with pytest.raises(KeyError):
        catalogue.field("antall_barn_med_tiltak")


def test_units_persons_and_parts_match_domain(catalogue: Catalogue) -> None:
    assert {field.number for field in catalogue.fields if field.unit == "prosent"} == {5, 12}
    assert {field.number for field in catalogue.fields if field.unit == "årsverk"} == {33, 34}
    assert {field.number for field in catalogue.fields if not field.computed} == {33, 34}
    persons = {
        field.number
        for field in catalogue.fields
        if re.search("_barn_|_unge_|omsorgsovertakelser|omsorgsvedtak", field.field_key)
    }
    assert {field.number for field in catalogue.fields if field.counts_persons} == persons
    accumulating = {*range(1, 5), *range(6, 10), 11, 13, 15, 16, 22, 23, 24, *range(28, 32)}
    assert {field.number for field in catalogue.fields if field.accumulates} == accumulating
    shown_under = {field.number: field.part_of for field in catalogue.fields if field.part_of}
    assert shown_under == {8: 7, 9: 7, 14: 13, 19: 18, 20: 18, 21: 18, 31: 30, 34: 33}
    cannot_exceed = {field.number: field.subset_of for field in catalogue.fields if field.subset_of}
    assert cannot_exceed == {14: 13, 19: 18, 20: 18, 21: 18, 26: 17, 31: 30, 34: 33}


def test_every_computed_value_has_test_of_its_own(catalogue: Catalogue) -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (Path(__file__).parent / "fields").glob("test_*.py"))
    wanted = [entry.key for entry in catalogue.entries if entry.sql is not None]
    assert len(wanted) == 35
    assert [key for key in wanted if f"def test_{key}(" not in tests] == []


def test_every_statement_compiles(base: CaseBase, catalogue: Catalogue) -> None:
    catalogue.validate_sql(base.connection)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("FROM melding\n", "FROM meldinger\n", r"sql of antall_meldinger_mottatt cannot be prepared: .*meldinger"),
        ("mottatt BETWEEN", "mottat BETWEEN", r"sql of antall_meldinger_mottatt cannot be prepared: .*mottat"),
        ("SELECT count(*)\n", "SELECT count(*), 1\n", r"sql of antall_meldinger_mottatt gives 2 columns, not 1"),
        ("  count(*) AS med_frist\n", "  1, 2\n", r"sql of andel_meldinger_innen_frist gives 3 columns, not 2"),
    ],
)
def test_statement_not_fitting_schema_is_named(
    tmp_path: Path, base: CaseBase, old: str, new: str, message: str
) -> None:
    catalogue = Catalogue.load(changed_copy(tmp_path, "fields/meldinger.toml", old, new))
    with pytest.raises(CatalogueError, match=message):
        catalogue.validate_sql(base.connection)


def test_condition_not_fitting_schema_is_named(tmp_path: Path, base: CaseBase) -> None:
    catalogue = Catalogue.load(
        changed_copy(
            tmp_path, "fields/flyttinger.toml", "EXISTS (SELECT 1 FROM flytting", "EXISTS (SELECT 1 FROM flyttinger"
        )
    )
    with pytest.raises(CatalogueError, match="supplied_if of antall_flyttinger cannot be prepared"):
        catalogue.validate_sql(base.connection)


INVALID_FIELDS = {
    "not TOML": ("number = 1\n", "number =\n", r"meldinger\.toml cannot be read"),
    "unknown table": ("[[auxiliary]]", "[[auxilary]]", r"meldinger\.toml has auxilary"),
    "unknown key": ("legal_basis =", "legal_bases =", r"meldinger\.toml, field 1"),
    "unknown unit": ('unit = "antall"', 'unit = "stykk"', r"meldinger\.toml, field 1.*unit"),
    "no English label": (', en = "Reports received" }', " }", r"meldinger\.toml, field 1.*en"),
    "empty label": ('en = "Reports received"', 'en = " "', r"antall_meldinger_mottatt: its label in en is empty"),
    "empty definition": (
        'nn = "Meldingar som tenesta fekk inn i perioden."',
        'nn = ""',
        r"antall_meldinger_mottatt: its definition in nn is empty",
    ),
    "empty title": ('nn = "Meldingar", en', 'nn = "", en', r"section meldinger: its title in nn is empty"),
    "number twice": ("number = 1\n", "number = 2\n", r"numbers of the fields"),
    "gap in numbers": ("number = 1\n", "number = 35\n", r"numbers of the fields"),
    "key twice": ('"antall_meldinger_mottatt"', '"antall_flyttinger"', r"the key antall_flyttinger repeats"),
    "key of an auxiliary": (
        'key = "antall_meldinger_med_frist"',
        'key = "antall_flyttinger"',
        r"the key antall_flyttinger repeats",
    ),
    "key in capitals": ('"antall_meldinger_mottatt"', '"Antall"', r"the key Antall is not lower-case"),
    "section twice": ('section_id = "meldinger"', 'section_id = "planer"', r"the section planer repeats"),
    "section id with a space": (
        'section_id = "meldinger"',
        'section_id = "de meldinger"',
        r"the section id de meldinger",
    ),
    "field of another section": (
        "number = 5\n",
        'section_id = "planer"\nnumber = 5\n',
        r"the fields of section planer do not stand together",
    ),
    "field of no section": (
        "number = 5\n",
        'section_id = "annet"\nnumber = 5\n',
        r"the section annet of a field is not there",
    ),
    "no source": ('sources = ["v4", "15f"]', "sources = []", r"antall_meldinger_mottatt has no source"),
    "unknown source": ('sources = ["v4", "15f"]', 'sources = ["v5"]', r"meldinger\.toml, field 1"),
    "computed and a figure": (
        'sources = ["v4", "15f"]',
        'sources = ["v4", "figur"]',
        r"antall_meldinger_mottatt is both",
    ),
    "a figure with SQL": (
        'sources = ["v4", "15f"]',
        'sources = ["figur"]',
        r"antall_meldinger_mottatt must have sql if",
    ),
    "no SELECT": ("SELECT count(*)", "DELETE", r"sql of antall_meldinger_mottatt is no SELECT"),
    "two statements": (
        "  AND mottatt",
        "; SELECT 1 AND mottatt",
        r"sql of antall_meldinger_mottatt is more than one statement",
    ),
    "unknown parameter": (
        "BETWEEN :first_day",
        "BETWEEN :first",
        r"sql of antall_meldinger_mottatt has the parameter :first",
    ),
    "place for a parameter": (
        "BETWEEN :first_day",
        "BETWEEN ?",
        r"sql of antall_meldinger_mottatt has the parameter \?",
    ),
    "part of itself": (
        "number = 1\n",
        "number = 1\npart_of = 1\n",
        r"part_of of antall_meldinger_mottatt names no other field",
    ),
    "part of nothing": (
        "number = 1\n",
        "number = 1\nsubset_of = 99\n",
        r"subset_of of antall_meldinger_mottatt names no other field",
    ),
    "part of a share": (
        "number = 1\n",
        "number = 1\nsubset_of = 5\n",
        r"subset_of of antall_meldinger_mottatt names a field that its numbers",
    ),
    "part in another section": (
        "number = 1\n",
        "number = 1\ncomponents = [6, 7]\n",
        r"components of antall_meldinger_mottatt names a field of another",
    ),
    "share without its parts": (
        'share = { whole = "antall_meldinger_med_frist", rest = "antall_meldinger_over_frist" }\n',
        "",
        r"andel_meldinger_innen_frist must name its parts",
    ),
    "parts of a count": (
        "number = 1\n",
        'number = 1\nshare = { whole = "antall_meldinger_med_frist", rest = "antall_meldinger_over_frist" }\n',
        r"antall_meldinger_mottatt must name its parts if it is a share, and none if it is not",
    ),
    "parts of a share that are no counts": (
        'whole = "antall_meldinger_med_frist"',
        'whole = "antall_meldinger_med"',
        r"share of andel_meldinger_innen_frist names something that is no count",
    ),
    "part before its whole": (
        "number = 1\n",
        "number = 1\npart_of = 2\n",
        r"part_of of antall_meldinger_mottatt names a field that it cannot",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), INVALID_FIELDS.values(), ids=INVALID_FIELDS)
def test_error_in_section_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = changed_copy(tmp_path, "fields/meldinger.toml", old, new)
    with pytest.raises(CatalogueError, match=message):
        Catalogue.load(folder)


def test_section_without_fields_is_named(tmp_path: Path) -> None:
    text = (FORM_DIR / "fields" / "bemanning.toml").read_text(encoding="utf-8")
    folder = changed_copy(tmp_path, "fields/bemanning.toml", text[text.index("[[field]]") :], "")
    with pytest.raises(CatalogueError, match="the section bemanning has no field"):
        Catalogue.load(folder)


def test_condition_without_sql_is_named(tmp_path: Path) -> None:
    folder = changed_copy(
        tmp_path, "fields/bemanning.toml", "[field.definitions]", 'supplied_if = "SELECT 1"\n[field.definitions]'
    )
    with pytest.raises(CatalogueError, match="antall_arsverk has supplied_if without sql"):
        Catalogue.load(folder)


def test_part_of_part_is_named(tmp_path: Path) -> None:
    folder = changed_copy(tmp_path, "fields/undersokelser.toml", "number = 9\n", "number = 9\nsubset_of = 8\n")
    text = (folder / "fields" / "undersokelser.toml").read_text(encoding="utf-8")
    before, field = text.split("number = 9\n")
    (folder / "fields" / "undersokelser.toml").write_text(
        before + "number = 9\n" + field.replace("part_of = 7", "part_of = 8", 1), "utf-8"
    )
    with pytest.raises(
        CatalogueError, match="part_of of antall_undersokelser_henlagt names a field that it cannot be shown under"
    ):
        Catalogue.load(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "sum"', 'kind = "total"', r"rules\.toml, rule 1.*total"),
        ("least = 10\n", "", r"rules\.toml, rule 5.*least"),
        ("least = 10\n", "least = 10\nmost = 20\n", r"rules\.toml, rule 5.*most"),
        ('severity = "error"', 'severity = "bad"', r"rules\.toml, rule 1.*severity"),
        ('rule_id = "delmengde"', 'rule_id = "prosent"', r"the rule prosent repeats"),
        ("field = 7", "field = 35", r"the rule sum_undersokelser names no field"),
        ("field = 7", "field = 8", r"the rule sum_undersokelser names a field that is made up of no others"),
        ('"antall_barn_med_tiltak"', '"antall_barn"', r"the rule uten_plan names no value"),
    ],
)
def test_error_in_rules_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = changed_copy(tmp_path, "rules.toml", old, new)
    with pytest.raises(CatalogueError, match=message):
        Catalogue.load(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('nb = "Meldinger", nn', 'nb = "Bekymringsmeldinger", nn'),
        ('"antall_meldinger_mottatt"', '"antall_meldinger"'),
        ("mottatt BETWEEN :first_day", "mottatt > :first_day AND mottatt BETWEEN :first_day"),
        ('sources = ["v4", "15f"]', 'sources = ["v4"]'),
    ],
)
def test_document_change_changes_fingerprint(tmp_path: Path, catalogue: Catalogue, old: str, new: str) -> None:
    assert (
        Catalogue.load(changed_copy(tmp_path, "fields/meldinger.toml", old, new)).fingerprint != catalogue.fingerprint
    )


def test_label_change_keeps_fingerprint(tmp_path: Path, catalogue: Catalogue) -> None:
    folder = changed_copy(tmp_path, "fields/meldinger.toml", '"Meldinger mottatt"', '"Mottatte meldinger"')
    assert Catalogue.load(folder).fingerprint == catalogue.fingerprint


def test_field_is_added_by_data_alone(tmp_path: Path, base: CaseBase) -> None:
    new = """[[field]]
number = 35
field_key = "antall_meldinger_i_alt"
section_id = "bemanning"
unit = "antall"
counts_persons = false
accumulates = true
legal_basis = ""
sources = ["v4"]
labels = { nb = "I alt", nn = "I alt", en = "In all" }
definitions = { nb = "Alle meldinger.", nn = "Alle meldingar.", en = "All reports." }
sql = "SELECT count(*) FROM melding WHERE source = :source"
"""
    catalogue = Catalogue.load(changed_copy(tmp_path, "fields/bemanning.toml", "[[field]]", f"{new}\n[[field]]"))
    catalogue.validate_sql(base.connection)
    assert catalogue.fields_in_section("bemanning")[-1].field_key == "antall_meldinger_i_alt"
