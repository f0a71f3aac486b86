"""Compiled templates in `__pycache__`: used as long as they are those of the source, and never needed."""

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from components.template_cache import TemplateCache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the template `page.html`, in which Python may write bytecode."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "page.html").write_text("{{ a }}{% if a %}\n{% endif %}1", encoding="utf-8")
    return tmp_path


def rendered(folder: Path, *, trim_blocks: bool = False) -> str:
    """Return the template as a new process renders it."""
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=trim_blocks)
    environment.bytecode_cache = TemplateCache(environment)
    return environment.get_template("page.html").render(a="&")


def compiled_file(folder: Path) -> Path:
    """Return the file of the compiled template, of which there is one."""
    [path] = (folder / "__pycache__").iterdir()
    return path


def test_template_is_compiled_once(folder: Path) -> None:
    assert rendered(folder) == "&amp;\n1"
    written = compiled_file(folder).stat().st_ino
    assert rendered(folder) == "&amp;\n1"
    assert compiled_file(folder).stat().st_ino == written  # a file that is written again is another one


def test_changed_template_is_compiled_again(folder: Path) -> None:
    rendered(folder)
    (folder / "page.html").write_text("2", encoding="utf-8")
    assert rendered(folder) == "2"


def test_template_is_compiled_again_for_other_options(folder: Path) -> None:
    rendered(folder)
    assert rendered(folder, trim_blocks=True) == "&amp;1"


@pytest.mark.parametrize("length", [0, 3, 12, 40, 100, -1])
def test_damaged_file_is_replaced(folder: Path, length: int) -> None:
    rendered(folder)
    path = compiled_file(folder)
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    assert rendered(folder) == "&amp;\n1"
    assert path.read_bytes() == whole


def test_folder_that_cannot_be_written_is_no_error(folder: Path) -> None:
    (folder / "__pycache__").touch()
    assert rendered(folder) == "&amp;\n1"


def test_nothing_is_written_where_python_writes_no_bytecode(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered(folder) == "&amp;\n1"
    assert not (folder / "__pycache__").exists()
