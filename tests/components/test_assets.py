"""Static files under URLs with a hash of their content."""

import gzip
from pathlib import Path

import pytest

from components import assets
from components.assets import STYLESHEETS, Assets
from preview.core.errors import ConfigurationError


def _write_assets(folder: Path, style: str) -> Assets:
    (folder / "a.css").write_text(style)
    (folder / "b.woff2").write_bytes(b"font")
    (folder / "c.js").write_text("1")
    return Assets(
        {"look": {"a.css": folder / "a.css", "b.woff2": folder / "b.woff2"}, "code": {"c.js": folder / "c.js"}}
    )


def test_url_path_changes_only_with_content_of_its_group(tmp_path: Path) -> None:
    before, same, after = (_write_assets(tmp_path, style) for style in ("a{}", "a{}", "b{}"))
    assert before.url_path("a.css") == same.url_path("a.css") != after.url_path("a.css")
    assert before.url_path("b.woff2") != after.url_path("b.woff2")
    assert before.url_path("c.js") == after.url_path("c.js")


def test_stylesheet_and_font_share_a_folder(tmp_path: Path) -> None:
    loaded = _write_assets(tmp_path, "a{}")
    assert loaded.url_path("a.css").rpartition("/")[0] == loaded.url_path("b.woff2").rpartition("/")[0]


def test_stylesheets_are_compressed_and_fonts_are_not(tmp_path: Path) -> None:
    loaded = _write_assets(tmp_path, "a{}")
    style, font = (loaded.find(loaded.url_path(name).removeprefix("assets/")) for name in ("a.css", "b.woff2"))
    assert style is not None
    assert style.compressed is not None
    assert gzip.decompress(style.compressed) == b"a{}"
    assert font is not None
    assert (font.body, font.compressed, font.content_type) == (b"font", None, "font/woff2")


@pytest.mark.parametrize("asked", ["look-0000000000000000/a.css", "a.css", "../setup.py", "look/../a.css"])
def test_unknown_path_finds_no_asset(tmp_path: Path, asked: str) -> None:
    assert _write_assets(tmp_path, "a{}").find(asked) is None


def test_missing_stylesheets_are_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="make install"):
        assets.load_assets(tmp_path)


def test_loaded_assets_name_scripts_by_path() -> None:
    loaded = assets.load_assets()
    for name in (*STYLESHEETS, "layout/dom.js", "vendor/bokeh-session.js"):
        asset = loaded.find(loaded.url_path(name).removeprefix("assets/"))
        assert asset is not None
        assert asset.body


def test_icon_is_an_svg_file() -> None:
    loaded = assets.load_assets()
    icon = loaded.find(loaded.url_path("icons/favicon.svg").removeprefix("assets/"))
    assert icon is not None
    assert icon.content_type == "image/svg+xml"
    assert icon.body.startswith(b"<svg ")
