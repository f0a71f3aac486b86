"""What exists is documented."""

import pytest

from preview.settings import SETTINGS
from tests.house.sources import REPOSITORY
from tools.settings_table import with_table


def test_the_readme_has_every_setting_as_declared() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert with_table(readme) == readme, "run `make fix`"
    for setting in SETTINGS:
        assert f"| `{setting.name}` |" in readme


def test_the_readme_names_the_commands_that_ci_runs() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    command = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").split("exec ")[1].split(" <")[0]
    assert command == "make test"
    assert command in readme
    assert "make run" in readme


def test_the_table_needs_its_place() -> None:
    with pytest.raises(ValueError, match="settings"):
        with_table("# A README without the two lines\n")
