"""What exists is documented: settings, events, problems and findings stand in tables that are written from the code."""

import inspect
import re
from itertools import chain

import msgspec
import pytest

from api_handlers.problem_details import STATUS_BY_ERROR
from preview.core import errors
from preview.core.settings import SETTINGS
from preview.events.log import Event
from tests.architecture.source_files import REPOSITORY, read_source, source_files, tracked_files
from tools.doc_tables import MARK, TABLES, event_types, first_sentence, replace_tables

DOCUMENTS = [path for path in tracked_files() if path.suffix == ".md"]
MAKE_TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)


def test_every_table_is_in_the_docs_and_up_to_date() -> None:
    marks = [match[2] for path in DOCUMENTS for match in MARK.finditer(read_source(path))]
    assert sorted(marks) == sorted(TABLES)
    assert [str(path) for path in DOCUMENTS if replace_tables(read_source(path)) != read_source(path)] == [], "run `make fix`"


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
    error_types = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]
    assert error_types
    assert event_types()
    assert [kind.__name__ for kind in chain(event_types(), STATUS_BY_ERROR, error_types) if not first_sentence(kind)] == []


def test_event_without_docstring_is_found() -> None:
    class Silent(Event, frozen=True, kw_only=True, tag="silent"):
        at: str

    assert first_sentence(Silent) == ""
    assert [field.name for field in msgspec.structs.fields(Silent)] == ["at"]


def test_ci_command_is_named_in_the_readme() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    command = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").split("exec ")[1].split(" <")[0]
    commands = MAKE_TARGET.findall((REPOSITORY / "Makefile").read_text(encoding="utf-8"))
    assert command.removeprefix("make ") in commands
    for named in (command, "make run", "make help"):
        assert named in readme


def unread_settings(code: str) -> list[str]:
    """The settings that no line of the code reads."""
    return [setting.name for setting in SETTINGS if not re.search(rf"\.{setting.name}\b", code)]


def test_every_setting_is_read_somewhere() -> None:
    assert "port" in unread_settings("settings.address")
    assert "port" not in unread_settings("settings.port")
    assert unread_settings("\n".join(read_source(path) for path in source_files(".py"))) == []
