"""Loads the form from TOML and checks it at start, so that no aggregation can fail later (rule 6.3, docs/domain.md)."""

import hashlib
import tomllib
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

from preview.core.errors import CatalogueError
from preview.form import sql_validation
from preview.form.checks import RawCatalogue, validate
from preview.form.entries import Auxiliary, Field, Section
from preview.form.rules import AnyRule

FORM_DIR = Path(__file__).parent

_SECTION_FILE = {"section", "field", "auxiliary"}


class Catalogue:
    """The form: its sections, fields and deviation rules.

    Attributes:
        fields: The fields in form order; the field with number n is at index n - 1.
        sections: The sections in form order.
        auxiliaries: The auxiliary values.
        rules: The deviation rules.
    """

    def __init__(self, raw: RawCatalogue) -> None:
        """Create the catalogue from its parts.

        Raises:
            CatalogueError: If the parts are no valid form (`checks.validate`).
        """
        for problem in validate(raw):
            raise CatalogueError(f"The form's data: {problem}.")
        self.fields = tuple(sorted(raw.fields, key=lambda field: field.number))
        first = {field.section_id: field.number for field in reversed(self.fields)}
        self.sections = tuple(sorted(raw.sections, key=lambda section: first[section.section_id]))
        self.auxiliaries = tuple(raw.auxiliaries)
        self.rules = tuple(raw.rules)
        self._by_key = {field.field_key: field for field in self.fields}

    @classmethod
    @cache
    def load(cls, folder: Path = FORM_DIR) -> "Catalogue":
        """Load `fields/*.toml` and `rules.toml` of a folder, once per process.

        Raises:
            CatalogueError: If a file is unreadable or the form is invalid; the message says what is wrong and where.
        """
        raw = RawCatalogue([], [], [], [])
        for path in sorted((folder / "fields").glob("*.toml")):
            data = _read(path)
            if unknown := data.keys() - _SECTION_FILE:
                raise CatalogueError(f"The form's data: {path.name} has {min(unknown)}, which is not known.")
            section: Section = _convert(data.get("section"), Section, path.name)
            raw.sections.append(section)
            for index, entry in enumerate(data.get("field", []), 1):
                field_data = {"section_id": section.section_id, **entry}
                raw.fields.append(_convert(field_data, Field, f"{path.name}, field {index}"))
            for index, entry in enumerate(data.get("auxiliary", []), 1):
                raw.auxiliaries.append(_convert(entry, Auxiliary, f"{path.name}, auxiliary {index}"))
        for index, entry in enumerate(_read(folder / "rules.toml").get("rule", []), 1):
            raw.rules.append(_convert(entry, AnyRule, f"rules.toml, rule {index}"))
        return cls(raw)

    def field(self, key: str) -> Field:
        """Return the field with a key.

        Raises:
            KeyError: If there is no such field.
        """
        return self._by_key[key]

    def __contains__(self, key: object) -> bool:
        """Return whether a field has that key."""
        return key in self._by_key

    def fields_in_section(self, section_id: str) -> tuple[Field, ...]:
        """Return the fields of a section in form order."""
        return tuple(field for field in self.fields if field.section_id == section_id)

    @property
    def entries(self) -> tuple[Field | Auxiliary, ...]:
        """Fields and auxiliaries: everything that has a value."""
        return (*self.fields, *self.auxiliaries)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of everything that determines a snapshot's document: sections, keys, order, units, sources and SQL.

        Labels, definitions and rules are not part of it, as they are in no document.
        """
        shape = (
            [(section.section_id, section.titles.nb) for section in self.sections],
            [(field.number, field.field_key, field.section_id, field.unit) for field in self.fields],
            [(entry.key, entry.sources, entry.sql, entry.supplied_if) for entry in self.entries],
        )
        return hashlib.sha256(msgspec.json.encode(shape)).hexdigest()

    def validate_sql(self, connection: sql_validation.Connection) -> None:
        """Let the database prepare every statement against its schema.

        Raises:
            CatalogueError: If a statement cannot be prepared or has a wrong number of columns.
        """
        for entry in self.entries:
            value_columns = 2 if isinstance(entry, Field) and entry.unit == "prosent" else 1
            for name, statement, count in (("sql", entry.sql, value_columns), ("supplied_if", entry.supplied_if, 1)):
                if statement is None:
                    continue
                try:
                    columns = sql_validation.column_count(connection, statement)
                except Exception as error:
                    raise CatalogueError(
                        f"The form's data: {name} of {entry.key} cannot be prepared: {error}."
                    ) from error
                if columns != count:
                    raise CatalogueError(
                        f"The form's data: {name} of {entry.key} gives {columns} columns, not {count}."
                    )


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
