"""Loads the form's data and checks it, so that a slip in it stops the start and not an aggregation (`domain.md` 6.3)."""

import hashlib
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from preview.core.errors import CatalogueError
from preview.form import sql
from preview.form.checks import RawCatalogue, validate
from preview.form.entries import Auxiliary, Field, Section
from preview.form.rules import AnyRule

FORM_DIR = Path(__file__).parent

_SECTION_FILE = {"section", "field", "auxiliary"}


class Catalogue:
    """The form. `fields` and `sections` are in form order; a field's number is its place, from 1."""

    def __init__(self, raw: RawCatalogue) -> None:
        """Raises `CatalogueError` where the parts do not make up a form."""
        for problem in validate(raw):
            raise CatalogueError(f"The form's data: {problem}.")
        self.fields = tuple(sorted(raw.fields, key=lambda field: field.number))
        first = {field.section_id: field.number for field in reversed(self.fields)}
        self.sections = tuple(sorted(raw.sections, key=lambda section: first[section.section_id]))
        self.auxiliaries = tuple(raw.auxiliaries)
        self.rules = tuple(raw.rules)
        self._by_key = {field.field_key: field for field in self.fields}

    @classmethod
    def load(cls, folder: Path = FORM_DIR) -> "Catalogue":
        """Reads `fields/*.toml` and `rules.toml`. Raises `CatalogueError`, which says what is wrong and where."""
        raw = RawCatalogue([], [], [], [])
        for path in sorted((folder / "fields").glob("*.toml")):
            data = _read(path)
            if unknown := data.keys() - _SECTION_FILE:
                raise CatalogueError(f"The form's data: {path.name} has {min(unknown)}, which is not known.")
            section: Section = _convert(data.get("section"), Section, path.name)
            raw.sections.append(section)
            for index, entry in enumerate(data.get("field", []), 1):
                raw.fields.append(_convert({"section_id": section.section_id, **entry}, Field, f"{path.name}, field {index}"))
            for index, entry in enumerate(data.get("auxiliary", []), 1):
                raw.auxiliaries.append(_convert(entry, Auxiliary, f"{path.name}, auxiliary {index}"))
        for index, entry in enumerate(_read(folder / "rules.toml").get("rule", []), 1):
            raw.rules.append(_convert(entry, AnyRule, f"rules.toml, rule {index}"))
        return cls(raw)

    def field(self, key: str) -> Field:
        """The field with that key; KeyError where there is none."""
        return self._by_key[key]

    def __contains__(self, key: object) -> bool:
        """Whether a field has that key."""
        return key in self._by_key

    def fields_in_section(self, section_id: str) -> tuple[Field, ...]:
        """The section's fields in form order."""
        return tuple(field for field in self.fields if field.section_id == section_id)

    @property
    def entries(self) -> tuple[Field | Auxiliary, ...]:
        """Fields and auxiliaries: all that can have a value."""
        return (*self.fields, *self.auxiliaries)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that shapes a snapshot's document: keys, order, sections with their titles, and how each value comes about.

        Labels, definitions and rules stand in no document and change nothing here.
        """
        shape = (
            [(section.section_id, section.titles.nb) for section in self.sections],
            [(field.number, field.field_key, field.section_id, field.unit) for field in self.fields],
            [(entry.key, entry.sources, entry.sql, entry.supplied_if) for entry in self.entries],
        )
        return hashlib.sha256(msgspec.json.encode(shape)).hexdigest()

    def validate_sql(self, connection: sql.Connection) -> None:
        """Has the database prepare every statement against its schema. Raises `CatalogueError` for the first it cannot."""
        for entry in self.entries:
            value_columns = 2 if isinstance(entry, Field) and entry.unit == "prosent" else 1
            for name, statement, count in (("sql", entry.sql, value_columns), ("supplied_if", entry.supplied_if, 1)):
                if statement is None:
                    continue
                try:
                    columns = sql.column_count(connection, statement)
                except Exception as error:
                    raise CatalogueError(f"The form's data: {name} of {entry.key} cannot be prepared: {error}.") from error
                if columns != count:
                    raise CatalogueError(f"The form's data: {name} of {entry.key} gives {columns} columns, not {count}.")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogueError(f"The form's data: {path.name} cannot be read: {error}.") from error


def _convert(data: Any, kind: Any, where: str) -> Any:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"The form's data: {where}: {error}.") from error
