"""What exists is documented: settings, events, problems and findings stand in tables that are written from the code."""

import inspect
import re
from itertools import chain

import msgspec
import pytest

from api_handlers.problem_details import STATUSES
from preview.core import errors
from preview.core.settings import SETTINGS
from preview.events.log import Happening
from tests.architecture.source_files import REPOSITORY, sources, text, tracked
from tools.doc_tables import MARK, TABLES, event_types, first_sentence, with_tables

DOCUMENTS = [path for path in tracked() if path.suffix == ".md"]
COMMANDS = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)


def test_every_table_stands_somewhere_and_is_what_the_code_says() -> None:
    marks = [match[2] for path in DOCUMENTS for match in MARK.finditer(text(path))]
    assert sorted(marks) == sorted(TABLES)
    assert [str(path) for path in DOCUMENTS if with_tables(text(path)) != text(path)] == [], "run `make fix`"


def test_the_rule_bites() -> None:
    stale = "# A\n<!-- table: settings, written by make fix -->\n| old |\n<!-- end of table -->\nB\n"
    renewed = with_tables(stale)
    assert "| `port` | `5006` |" in renewed
    assert renewed.startswith("# A\n")
    assert renewed.endswith("\nB\n")
    assert with_tables(renewed) == renewed
    with pytest.raises(KeyError):
        with_tables(stale.replace("settings", "unknown"))


def test_every_event_problem_and_error_says_when_it_comes() -> None:
    own = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]
    assert own
    assert event_types()
    assert [kind.__name__ for kind in chain(event_types(), STATUSES, own) if not first_sentence(kind)] == []


def test_an_event_without_a_docstring_is_noticed() -> None:
    class Silent(Happening, frozen=True, kw_only=True, tag="silent"):
        at: str

    assert first_sentence(Silent) == ""
    assert [field.name for field in msgspec.structs.fields(Silent)] == ["at"]


def test_ci_runs_the_command_that_the_readme_names() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    command = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").split("exec ")[1].split(" <")[0]
    commands = COMMANDS.findall((REPOSITORY / "Makefile").read_text(encoding="utf-8"))
    assert command.removeprefix("make ") in commands
    for named in (command, "make run", "make help"):
        assert named in readme


def unread(code: str) -> list[str]:
    """The settings that no line of the code reads."""
    return [setting.name for setting in SETTINGS if not re.search(rf"\.{setting.name}\b", code)]


def test_every_setting_is_read_somewhere() -> None:
    assert "port" in unread("settings.address")
    assert "port" not in unread("settings.port")
    assert unread("\n".join(text(path) for path in sources(".py"))) == []
