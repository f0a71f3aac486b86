"""Breakpoints of style sheets are in em, so that a larger browser font gets the layout of a narrower screen (1.4.4)."""

import re
from pathlib import Path

import pytest

from tests.architecture.source_files import read_source, source_files

QUERY = re.compile(r"@(?:media|container)([^{]*)\{")


def breakpoints_in_px(path: Path, content: str) -> list[str]:
    """Return the media and container queries of a style sheet that compare with pixels."""
    return [f"{path}: {query[1].strip()}" for query in QUERY.finditer(content) if re.search(r"\dpx", query[1])]


@pytest.mark.parametrize("query", ["@media (width < 760px) {", "@container list (400px <= width) {"])
def test_breakpoint_in_px_is_found(query: str) -> None:
    assert breakpoints_in_px(Path("a.css"), query)


def test_breakpoints_are_in_em() -> None:
    paths = source_files(".css")
    assert paths
    assert [found for path in paths for found in breakpoints_in_px(path, read_source(path))] == []
