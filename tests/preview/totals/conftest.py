"""Fixtures of the totals' tests."""

import pytest

from preview.form.catalogue import Catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The form."""
    return Catalogue.load()
