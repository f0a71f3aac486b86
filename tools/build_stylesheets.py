"""Build the dashboard's stylesheets: one file per kind of page, with the rules of Designsystemet that its elements can
match.

Reads `components/` and what `tools/vendor_assets.py` fetched; writes to `components/vendor/`. `make install` runs it
when a template, stylesheet, script or Python file of `components/` has changed.

The purging is our own (`css_purge.py`, `css_selectors.py`), because PurgeCSS 8.0 removes rules that do match, such as
`.ds-link:where(:hover)`, and leaves selectors that end in `:is(...)`, which a browser tries on every element of a page.
"""

from collections.abc import Iterator
from pathlib import Path

from components.assets import PAGE_FOLDERS
from tools import css_purge

COMPONENTS = Path(__file__).resolve().parents[1] / "components"
VENDOR = COMPONENTS / "vendor"
DESIGN_SYSTEM = ("theme.css", "designsystemet.css")
SHARED_SHEETS = {
    "country": "preview/preview.css",
    "field": "overview/overview.css",
    "overview": "activity/activity.css",
}
"""The sheet of another page whose rows a page shows too."""

CHANGE_PAGES = ("preview", "overview")
"""The pages that mark what has changed since a moment."""

BUNDLES = {
    "page.css": ("layout/page.css",),
    **{
        f"{name}.css": (
            "layout/page.css",
            *filter(None, (SHARED_SHEETS.get(name),)),
            f"{name}/{name}.css",
            *(("changes/since.css",) if name in CHANGE_PAGES else ()),
            "deliveries/drawer.css",
        )
        for name in PAGE_FOLDERS
    },
}
"""The stylesheets below `components/` that each bundle holds before Designsystemet.

The first one orders the cascade layers.
"""

_REPLACED_SELECTORS = {
    # For this one a browser searches the whole page after each change.
    "body:has(.ds-dialog:modal)": "body:has(> .ds-dialog:modal)",
    # Pages name their colour scheme. Rules of an unknown component are dropped.
    '[data-color-scheme="auto"]': ".ds-unknown",
}
"""Selectors of Designsystemet, and what does the same for our pages."""

_MARKUP_SUFFIXES = {".html", ".py", ".js", ".svg"}


def markup_files() -> Iterator[Path]:
    """Yield the files that can name an element, class or attribute of a page."""
    for path in sorted(COMPONENTS.rglob("*")):
        if path.suffix in _MARKUP_SUFFIXES and not path.is_relative_to(VENDOR):
            yield path


def build_bundles() -> dict[str, str]:
    """Return the text of each bundle by its file name."""
    markup = "\n".join(path.read_text(encoding="utf-8") for path in markup_files())
    design_system = [_replace_selectors((VENDOR / name).read_text(encoding="utf-8")) for name in DESIGN_SYSTEM]
    names = {name for parts in BUNDLES.values() for name in parts}
    own_sheets = {name: (COMPONENTS / name).read_text(encoding="utf-8") for name in sorted(names)}
    used_design_system = css_purge.purge(design_system, list(own_sheets.values()), markup)
    return {
        name: "".join(css_purge.compact(own_sheets[part]) for part in parts) + used_design_system
        for name, parts in BUNDLES.items()
    }


def _replace_selectors(text: str) -> str:
    for selector, replacement in _REPLACED_SELECTORS.items():
        text = text.replace(selector, replacement)
    return text


def main() -> None:
    """Write the bundles."""
    for name, text in build_bundles().items():
        (VENDOR / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
