"""The built stylesheets: complete, and those that the program loads."""

from components.assets import STYLESHEETS, VENDOR_DIR
from tools.build_stylesheets import BUNDLES, build_bundles, markup_files


def test_bundles_are_the_stylesheets_that_assets_load() -> None:
    assert set(BUNDLES) == set(STYLESHEETS)


def test_bundles_hold_own_rules_before_used_design_system() -> None:
    bundles = build_bundles()
    for text in bundles.values():
        assert text.startswith("@layer")
        assert ".ds-button" in text
        assert ".ds-breadcrumbs" not in text


def test_markup_holds_no_vendored_file() -> None:
    files = list(markup_files())
    assert files
    assert not any(path.is_relative_to(VENDOR_DIR) for path in files)
