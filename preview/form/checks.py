"""Checks that entries are a valid form (rule 6.3, docs/domain.md). Each check yields what is wrong, and where."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from preview.core.languages import LANGUAGES
from preview.form.entries import Auxiliary, Field, LocalizedText, Section
from preview.form.rules import AnyRule
from preview.form.rules.base import FieldRule
from preview.form.rules.values import ShareAboveThreshold, SumMismatch
from preview.form.sql_validation import query_error

_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")
_SECTION_ID = re.compile(r"[a-z][a-z0-9-]*\Z")


class RawCatalogue(NamedTuple):
    """The entries as read, in any order."""

    sections: list[Section]
    fields: list[Field]
    auxiliaries: list[Auxiliary]
    rules: list[AnyRule]


def validate(parts: RawCatalogue) -> Iterator[str]:
    """Yield the problems of the first check that finds any: later checks rely on what earlier ones have checked."""
    for check in (_numbers, _keys, _sections, _texts, _statements, _relations, _shares, _rules):
        problems = list(check(parts))
        yield from problems
        if problems:
            return


def _repeated(values: list[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _numbers(parts: RawCatalogue) -> Iterator[str]:
    if sorted(field.number for field in parts.fields) != list(range(1, len(parts.fields) + 1)):
        yield "the numbers of the fields are not 1, 2, 3 and so on, each once"


def _keys(parts: RawCatalogue) -> Iterator[str]:
    keys = [entry.key for entry in (*parts.fields, *parts.auxiliaries)]
    yield from (f"the key {key} repeats" for key in _repeated(keys))
    yield from (f"the key {key} is not lower-case letters, digits and _" for key in keys if not _KEY.match(key))


def _sections(parts: RawCatalogue) -> Iterator[str]:
    ids = [section.section_id for section in parts.sections]
    yield from (f"the section {section_id} repeats" for section_id in _repeated(ids))
    yield from (
        f"the section id {name} is not lower-case letters, digits and -" for name in ids if not _SECTION_ID.match(name)
    )
    runs = [
        section_id
        for section_id, _ in groupby(field.section_id for field in sorted(parts.fields, key=lambda field: field.number))
    ]
    yield from (f"the fields of section {section_id} do not stand together" for section_id in _repeated(runs))
    yield from (f"the section {section_id} has no field" for section_id in ids if section_id not in runs)
    yield from (f"the section {section_id} of a field is not there" for section_id in runs if section_id not in ids)


def _texts(parts: RawCatalogue) -> Iterator[str]:
    for field in parts.fields:
        if (field.unit == "prosent") != (field.not_applicable is not None):
            yield f"{field.key} must say when it is not applicable if it is a share, and not if it is none"
    texts: list[tuple[str, LocalizedText]] = [
        (f"section {section.section_id}: its title", section.titles) for section in parts.sections
    ]
    for field in parts.fields:
        texts += [(f"{field.key}: its label", field.labels), (f"{field.key}: its definition", field.definitions)]
        if field.not_applicable is not None:
            texts.append((f"{field.key}: when it is not applicable", field.not_applicable))
    yield from (
        f"{where} in {language} is empty"
        for where, text in texts
        for language in LANGUAGES
        if not getattr(text, language).strip()
    )


def _statements(parts: RawCatalogue) -> Iterator[str]:
    for entry in (*parts.fields, *parts.auxiliaries):
        if not entry.sources:
            yield f"{entry.key} has no source"
        elif ("figur" in entry.sources) != (entry.sources == ("figur",)):
            yield f"{entry.key} is both a supplementary figure and computed"
        elif ("figur" in entry.sources) != (entry.sql is None):
            yield f"{entry.key} must have sql if it is computed, and none if it is a supplementary figure"
        elif entry.sql is None and entry.supplied_if is not None:
            yield f"{entry.key} has supplied_if without sql"
        for name, statement in (("sql", entry.sql), ("supplied_if", entry.supplied_if)):
            if statement is not None and (error := query_error(statement)):
                yield f"{name} of {entry.key} {error}"


def _relations(parts: RawCatalogue) -> Iterator[str]:
    by_number = {field.number: field for field in parts.fields}
    for field in parts.fields:
        for name, number in _related(field):
            other = by_number.get(number)
            if other is None or other is field:
                yield f"{name} of {field.key} names no other field"
            elif other.unit != field.unit or field.unit == "prosent":
                yield f"{name} of {field.key} names a field that its numbers cannot be set against"
            elif name != "subset_of" and other.section_id != field.section_id:
                yield f"{name} of {field.key} names a field of another section"
            elif name == "part_of" and (number > field.number or other.part_of is not None):
                yield f"part_of of {field.key} names a field that it cannot be shown under"


def _related(field: Field) -> list[tuple[str, int]]:
    single = [("part_of", field.part_of), ("subset_of", field.subset_of)]
    return [(name, number) for name, number in single if number is not None] + [
        ("components", number) for number in field.components
    ]


def _shares(parts: RawCatalogue) -> Iterator[str]:
    counts = {field.key for field in parts.fields if field.unit == "antall"} | {
        auxiliary.key for auxiliary in parts.auxiliaries
    }
    for field in parts.fields:
        if (field.unit == "prosent") != (field.share is not None):
            yield f"{field.key} must name its parts if it is a share, and none if it is not"
        elif field.share is not None and not {field.share.whole, field.share.rest} <= counts:
            yield f"share of {field.key} names something that is no count"


def _rules(parts: RawCatalogue) -> Iterator[str]:
    by_number = {field.number: field for field in parts.fields}
    keys = {entry.key for entry in (*parts.fields, *parts.auxiliaries)}
    yield from (f"the rule {rule_id} repeats" for rule_id in _repeated([rule.rule_id for rule in parts.rules]))
    for rule in parts.rules:
        if isinstance(rule, FieldRule) and rule.field not in by_number:
            yield f"the rule {rule.rule_id} names no field"
        elif isinstance(rule, SumMismatch) and not by_number[rule.field].components:
            yield f"the rule {rule.rule_id} names a field that is made up of no others"
        elif isinstance(rule, ShareAboveThreshold) and rule.whole not in keys:
            yield f"the rule {rule.rule_id} names no value"
