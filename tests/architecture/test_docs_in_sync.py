"""What the code declares is documented: settings, events, problems, findings, rule numbers, paths and names."""

import inspect
import re
from itertools import chain
from pathlib import Path

import click
import msgspec
import pytest

from api_handlers.problem_details import STATUS_BY_ERROR
from preview.cli.commands import build_cli
from preview.core import errors
from preview.core.setting_declarations import SETTINGS
from preview.events.log import Event
from tests.architecture import markdown
from tests.architecture.source_files import (
    CODE_PATHS,
    REPOSITORY,
    line_of,
    read_source,
    source_files,
    tracked_files,
)
from tools.doc_tables import MARK, TABLES, event_types, first_sentence, replace_tables

PAGES = [path for path in tracked_files() if path.suffix == ".md"]
README, API, DOMAIN = Path("README.md"), Path("docs/api.md"), Path("docs/domain.md")
ARCHITECTURE = Path("docs/architecture.md")
MAKE_TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)
CITING_SUFFIXES = (".py", ".js", ".html", ".css", ".sql", ".toml", ".md")
NAMED_PATH = re.compile(rf"(?:{'|'.join(CODE_PATHS[1:])})/[\w./-]*|docs/\w+\.md")
NAMED_CODE = re.compile(r"[A-Za-z_]\w+(?:\.\w+)?(?:\(\))?")
README_SETTING = re.compile(r"^\| `(\w+)` \| (?:`([^`]+)`|none) \|", re.MULTILINE)


def test_every_table_is_in_the_docs_and_up_to_date() -> None:
    marks = [match[2] for path in PAGES for match in MARK.finditer(read_source(path))]
    assert sorted(marks) == sorted(TABLES)
    stale = [str(path) for path in PAGES if replace_tables(read_source(path)) != read_source(path)]
    assert stale == [], "run `make fix`"


def test_stale_table_is_replaced() -> None:
    stale = "# A\n<!-- table: settings, written by make fix -->\n| old |\n<!-- end of table -->\nB\n"
    renewed = replace_tables(stale)
    assert "| `port` | `5006` |" in renewed
    assert renewed.startswith("# A\n")
    assert renewed.endswith("\nB\n")
    assert replace_tables(renewed) == renewed
    with pytest.raises(KeyError):
        replace_tables(stale.replace("settings", "unknown"))


def test_every_event_problem_and_error_is_documented() -> None:
    error_types = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__
    ]
    assert error_types
    assert event_types()
    kinds = chain(event_types(), STATUS_BY_ERROR, error_types)
    assert [kind.__name__ for kind in kinds if not first_sentence(kind)] == []


def test_event_without_docstring_is_found() -> None:
    class Silent(Event, frozen=True, kw_only=True, tag="silent"):
        at: str

    assert first_sentence(Silent) == ""
    assert [field.name for field in msgspec.structs.fields(Silent)] == ["at"]


def test_every_event_has_a_section_in_the_api_page() -> None:
    page = read_source(API)
    names = [str(kind.__struct_config__.tag) for kind in event_types()]
    assert [name for name in names if f"#### {name}\n" not in page or f'{{"event": "{name}"' not in page] == []


def test_every_problem_status_is_in_the_api_page() -> None:
    page = read_source(API)
    statuses = {status.value for status in STATUS_BY_ERROR.values()} | {500}
    assert [status for status in sorted(statuses) if f"\n| {status} | " not in page] == []


def test_settings_in_the_readme_have_the_declared_defaults() -> None:
    defaults = {setting.name: setting.to_toml(setting.default) for setting in SETTINGS}
    in_readme = README_SETTING.findall(read_source(README))
    assert len(in_readme) == 10
    assert {name: default or "none" for name, default in in_readme} == {
        name: "none" if defaults[name] in ("null", "[]", '""') else defaults[name] for name, _ in in_readme
    }


def test_ci_command_is_named_in_the_readme() -> None:
    readme = read_source(README)
    command = read_source(Path(".ci/run")).split("exec ")[1].split(" <")[0]
    commands = MAKE_TARGET.findall(read_source(Path("Makefile")))
    assert command.removeprefix("make ") in commands
    for named in (command, "make run", "make help"):
        assert named in readme


def test_every_command_is_in_the_readme() -> None:
    group = build_cli(lambda settings: None)
    commands = group.list_commands(click.Context(group))
    readme = read_source(README)
    assert [name for name in commands if f"`{name}`" not in readme] == []


def unread_settings(code: str) -> list[str]:
    """Return the settings that no line of the code reads."""
    return [setting.name for setting in SETTINGS if not re.search(rf"\.{setting.name}\b", code)]


def test_every_setting_is_read_somewhere() -> None:
    assert "port" in unread_settings("settings.address")
    assert "port" not in unread_settings("settings.port")
    assert unread_settings("\n".join(read_source(path) for path in source_files(".py"))) == []


def unknown_rules(path: Path, content: str) -> list[str]:
    """Return the rules that a file cites and that neither docs/api.md nor docs/domain.md defines, with their lines."""
    known = markdown.rule_numbers(read_source(API)) | markdown.rule_numbers(read_source(DOMAIN))
    cited = markdown.cited_rules(content)
    return [f"{path}:{line_of(content, offset)} cites {number}" for offset, number in cited if number not in known]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("see rule 1.12.", ["1.12"]),
        ("rules S1 to S5, and more", ["S1", "S5"]),
        ("(rule 6b; docs/api.md)", ["6b"]),
        ("docs/domain.md 5.3", ["5.3"]),
        ("`docs/domain.md` 1.1 to 1.5, 1.11, 1.12)", ["1.1", "1.5", "1.11", "1.12"]),
        ("domain 4 (docs/domain.md)", ["4"]),
        ("rule delmengde", []),
        ("the rules of 2024", []),
    ],
)
def test_cited_rules_are_found(text: str, numbers: list[str]) -> None:
    assert [number for _, number in markdown.cited_rules(text)] == numbers


def test_citation_of_an_unknown_rule_is_found() -> None:
    assert unknown_rules(Path("a.py"), "x = 1\n# rule 9.99") == ["a.py:2 cites 9.99"]
    assert unknown_rules(Path("a.py"), "# rules S1 and 1.12, rule 6b, rule 10") == []


def test_every_cited_rule_exists() -> None:
    own = Path(__file__).relative_to(REPOSITORY)
    files = [path for path in tracked_files() if path.suffix in CITING_SUFFIXES and path != own]
    assert files
    assert [fault for path in files for fault in unknown_rules(path, read_source(path))] == []


def broken_links(path: Path, content: str) -> list[str]:
    """Return the links of a page that lead to no tracked file or to no anchor of it."""
    files = set(tracked_files())
    broken: list[str] = []
    for target in markdown.links(content):
        name, _, anchor = target.partition("#")
        file = Path(REPOSITORY / path.parent / name).resolve().relative_to(REPOSITORY.resolve()) if name else path
        page = content if file == path else read_source(file) if file in files and file.suffix == ".md" else ""
        if file not in files or (anchor and anchor not in markdown.anchors(page)):
            broken.append(f"{path} links to {target}")
    return broken


def test_broken_link_is_found() -> None:
    page = '# A b\n[x](nothing.md) [x](#a-b) [x](#c) <img src="no.png"> [x](api.md#s4) [x](api.md#s99)'
    # The file must be a tracked one, as a link to an untracked page is broken.
    targets = [link.rpartition(" ")[2] for link in broken_links(Path("docs/README.md"), page)]
    assert targets == ["nothing.md", "#c", "no.png", "api.md#s99"]


def test_every_markdown_link_resolves() -> None:
    assert [link for path in PAGES for link in broken_links(path, read_source(path))] == []


def test_every_path_that_the_docs_name_exists() -> None:
    named = [(path, span) for path in PAGES for span in markdown.code_spans(read_source(path))]
    paths = [(path, span) for path, span in named if NAMED_PATH.fullmatch(span)]
    assert paths
    assert [f"{path} names {span}" for path, span in paths if not (REPOSITORY / span).exists()] == []


def test_every_name_in_the_architecture_page_is_in_the_code() -> None:
    code = "\n".join(read_source(path) for path in source_files(".py", ".js", ".sql", ".toml", within=CODE_PATHS))
    words = set(re.findall(r"\w+", code))
    spans = [span for span in markdown.code_spans(read_source(ARCHITECTURE)) if NAMED_CODE.fullmatch(span)]
    assert spans
    assert [span for span in spans if not set(re.findall(r"\w+", span)) <= words] == []


def test_every_package_is_in_the_architecture_page() -> None:
    page = read_source(ARCHITECTURE)
    folders = {path.parent.name for path in source_files(".py") if path.name == "__init__.py"} - {"rules"}
    assert [name for name in sorted(folders) if f"{name}/" not in page] == []
