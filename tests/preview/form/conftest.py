"""Fixtures of the form's tests."""

from collections.abc import Generator

import pytest

from preview.form.catalogue import Catalogue
from tests.preview.form.case_fixtures import CaseBase


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The form."""
    return Catalogue.load()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Generator[CaseBase]:
    """A case base shared by a module: what one test stores must not be counted in another."""
    made = CaseBase(tmp_path_factory.mktemp("form") / "store.sqlite")
    yield made
    made.connection.close()
