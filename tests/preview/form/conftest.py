"""What tests of the form may ask for."""

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
    """A case base that a file of tests shares: what one test put in is what the next must not count."""
    made = CaseBase(tmp_path_factory.mktemp("form") / "store.sqlite")
    yield made
    made.connection.close()
