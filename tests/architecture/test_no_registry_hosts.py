"""No file names the host of a package registry or a path of the machine on which it was written."""

import re
from pathlib import Path

import pytest

from tests.architecture.source_files import REPOSITORY, line_of, tracked_files

HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|npmjs\.(com|org)|deb\.debian\.org|(^|[^A-Za-z0-9_.$}])/(work|farm|root|home)/",
    re.MULTILINE,
)


def find_addresses(path: Path, content: str) -> list[str]:
    """Return the registry hosts and machine paths of a file, with their lines."""
    matches = HOST.finditer(content)
    return [f"{path}:{line_of(content, match.start())} has {match[0].strip()}" for match in matches]


@pytest.mark.parametrize(
    "content", ["https://{}.org/simple".format("pypi"), "x = '/{}/main'".format("work"), "\n/{}/x".format("root")]
)
def test_registry_host_and_machine_path_are_found(content: str) -> None:
    assert find_addresses(Path("a"), content)


@pytest.mark.parametrize("content", ["the network/work/home of", "./work/x", "https://a.example/work/x"])
def test_relative_path_passes(content: str) -> None:
    assert find_addresses(Path("a"), content) == []


def test_files_hold_no_registry_host_or_machine_path() -> None:
    files = tracked_files()
    assert files
    contents = ((path, (REPOSITORY / path).read_text(encoding="utf-8", errors="replace")) for path in files)
    assert [fault for path, content in contents for fault in find_addresses(path, content)] == []
