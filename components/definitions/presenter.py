"""View model of the definitions: the whole form with its deviation rules, in one language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from components.form.units import unit_text
from components.layout.preferences import Translator
from preview.form.catalogue import Catalogue
from preview.form.entries import Field
from preview.i18n.name_search import matches_search, search_text
from preview.views.deviation_rules import DeviationRule, deviation_rules


@dataclass(frozen=True)
class EntryLink:
    """A link to a field or a rule of the page.

    Attributes:
        anchor: The id of its element.
        text: The number and name of a field, or the name of a rule.
    """

    anchor: str
    text: str


@dataclass(frozen=True)
class FieldDefinition:
    """A field of the form, as `ReportField` of the API, with the rules that are about it.

    Attributes:
        unit: The unit in words, and whether persons are counted.
        law: The legal basis; empty where none is known.
        sql: The query; None for a supplementary figure.
        search_text: What search terms must occur in.
    """

    anchor: str
    number: int
    key: str
    label: str
    definition: str
    unit: str
    law: str
    sql: str | None
    rules: tuple[EntryLink, ...]
    search_text: str


@dataclass(frozen=True)
class RuleView:
    """A deviation rule, as `DeviationRule` of the API.

    Attributes:
        severity: `error`, `warning` or `notice`.
        scope: Which rows it is shown in, if it has no list of fields.
        fields: The fields that it is about, unless they are all or the whole report.
        search_text: What search terms must occur in.
    """

    anchor: str
    rule_id: str
    tag: str
    severity: str
    definition: str
    action: str
    scope: str
    fields: tuple[EntryLink, ...]
    search_text: str


@dataclass(frozen=True)
class SectionDefinitions:
    """A section of the form with its fields."""

    section_id: str
    title: str
    fields: tuple[FieldDefinition, ...]


@dataclass(frozen=True)
class FormDefinitions:
    """All of the form, and what a search leaves of it.

    Attributes:
        query: The search terms.
        shown: The anchors of the entries that match.
    """

    sections: tuple[SectionDefinitions, ...]
    rules: tuple[RuleView, ...]
    query: str
    shown: frozenset[str]

    @property
    def entry_count(self) -> int:
        """The number of fields and rules."""
        return sum(len(section.fields) for section in self.sections) + len(self.rules)

    def shows_any(self, entries: Iterable[FieldDefinition | RuleView]) -> bool:
        """Return whether the search leaves one of the entries."""
        return any(entry.anchor in self.shown for entry in entries)


def present_definitions(catalogue: Catalogue, query: str, t: Translator) -> FormDefinitions:
    """Return the form in the language of the texts.

    Args:
        catalogue: The form.
        query: Search terms, all of which must occur in an entry; empty for all entries.
        t: The texts.
    """
    rules = deviation_rules(catalogue, t.catalog)
    tags = {rule.rule: getattr(rule.tags, t.language) for rule in rules}
    field_rules = {
        field.key: tuple(
            EntryLink(_rule_anchor(rule), tags[rule.rule])
            for rule in rules
            if field.key in rule.field_keys and not rule.about_report
        )
        for field in catalogue.fields
    }
    sections = tuple(
        SectionDefinitions(
            section.section_id,
            getattr(section.titles, t.language),
            tuple(_field(field, field_rules, t) for field in catalogue.fields_in_section(section.section_id)),
        )
        for section in catalogue.sections
    )
    rule_views = tuple(_rule(rule, catalogue, t) for rule in rules)
    entries = [*(field for section in sections for field in section.fields), *rule_views]
    shown = frozenset(entry.anchor for entry in entries if matches_search(entry.search_text, query))
    return FormDefinitions(sections, rule_views, query, shown)


def _rule_anchor(rule: DeviationRule) -> str:
    return f"rule-{rule.rule}"


def _field_link(field: Field, t: Translator) -> EntryLink:
    return EntryLink(f"field-{field.key}", f"{field.number} {getattr(field.labels, t.language)}")


def _field(field: Field, rules: Mapping[str, tuple[EntryLink, ...]], t: Translator) -> FieldDefinition:
    label, definition = getattr(field.labels, t.language), getattr(field.definitions, t.language)
    return FieldDefinition(
        anchor=f"field-{field.key}",
        number=field.number,
        key=field.key,
        label=label,
        definition=definition,
        unit=unit_text(field, t),
        law=field.legal_basis,
        sql=field.sql.strip() if field.sql else None,
        rules=rules[field.key],
        search_text=search_text(label, f"{definition} {field.legal_basis}", str(field.number), field.key),
    )


def _rule(rule: DeviationRule, catalogue: Catalogue, t: Translator) -> RuleView:
    tag, definition = getattr(rule.tags, t.language), getattr(rule.definitions, t.language)
    fields = [catalogue.field(key) for key in rule.field_keys]
    is_general = rule.about_report or len(fields) == len(catalogue.fields)
    return RuleView(
        anchor=_rule_anchor(rule),
        rule_id=rule.rule,
        tag=tag,
        severity=rule.severity,
        definition=definition,
        action=getattr(rule.actions, t.language),
        scope=t("definitions.whole_report" if rule.about_report else "definitions.all_fields") if is_general else "",
        fields=() if is_general else tuple(_field_link(field, t) for field in fields),
        search_text=search_text(tag, f"{definition} {t(f'severity.{rule.severity}')}", rule.rule),
    )
