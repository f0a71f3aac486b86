"""Files under the hash of their content."""

import gzip
from pathlib import Path

import pytest

from components import assets
from components.assets import Assets

TAGS = """<script type="text/javascript" src="static/js/bokeh.min.js?v=1"></script>
<script type="text/javascript" src="static/js/bokeh-gl.min.js?v=2"></script>
<script type="text/javascript" src="static/extensions/panel/panel.min.js?v=3"></script>
<script>inline()</script>"""


def _assets(folder: Path, style: str) -> Assets:
    (folder / "a.css").write_text(style)
    (folder / "b.woff2").write_bytes(b"font")
    (folder / "c.js").write_text("1")
    return Assets({"look": {"a.css": folder / "a.css", "b.woff2": folder / "b.woff2"}, "code": {"c.js": folder / "c.js"}})


def test_an_address_changes_with_the_content_of_its_group_and_only_then(tmp_path: Path) -> None:
    before, same, after = (_assets(tmp_path, style) for style in ("a{}", "a{}", "b{}"))
    assert before.address("a.css") == same.address("a.css") != after.address("a.css")
    assert before.address("b.woff2") != after.address("b.woff2")
    assert before.address("c.js") == after.address("c.js")


def test_a_style_finds_its_font_beside_it(tmp_path: Path) -> None:
    made = _assets(tmp_path, "a{}")
    assert made.address("a.css").rpartition("/")[0] == made.address("b.woff2").rpartition("/")[0]


def test_styles_are_compressed_and_fonts_are_not(tmp_path: Path) -> None:
    made = _assets(tmp_path, "a{}")
    style, font = (made.find(made.address(name).removeprefix("assets/")) for name in ("a.css", "b.woff2"))
    assert style is not None
    assert style.compressed is not None
    assert gzip.decompress(style.compressed) == b"a{}"
    assert font is not None
    assert (font.body, font.compressed, font.kind) == (b"font", None, "font/woff2")


@pytest.mark.parametrize("asked", ["look-0000000000000000/a.css", "a.css", "../setup.py", "look/../a.css"])
def test_nothing_else_is_found(tmp_path: Path, asked: str) -> None:
    assert _assets(tmp_path, "a{}").find(asked) is None


def test_panels_script_tags_get_our_addresses_and_lose_what_no_view_needs() -> None:
    made = assets.load()
    lines = made.scripts(TAGS, "/bufdir").splitlines()
    assert lines == [
        f'<script src="/bufdir/{made.address("js/bokeh.min.js")}"></script>',
        "",
        f'<script src="/bufdir/{made.address("extensions/panel/panel.min.js")}"></script>',
        "<script>inline()</script>",
    ]
