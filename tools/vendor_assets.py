"""Fetches the dashboard's styles, font and scripts from npm, as package-lock.json says, into components/vendor/.

Of BokehJS, only what the pages use is bundled: `tools/bokeh/session.js` for every page, `tools/bokeh/plots.js` for
those on which a chart is opened. What both need becomes a third script, which they import.
"""

import shutil
import sys

from tools import node

VENDOR = node.REPOSITORY / "components" / "vendor"
ASSETS = {
    "theme.css": "@digdir/designsystemet-theme/brand/portal.css",
    "designsystemet.css": "@digdir/designsystemet-css/dist/src/index.css",
    "inter-latin-wght-normal.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext-wght-normal.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
    "idiomorph.js": "idiomorph/dist/idiomorph.min.js",
    "idiomorph.d.ts": "idiomorph/dist/idiomorph.d.ts",
}
BUNDLED = node.REPOSITORY / "tools" / "bokeh"
MODULE_SUFFIX = "\nexport {Idiomorph}\n"
"""Appended to idiomorph's minified script, which declares a global: its module build has three times the bytes."""

BUNDLE_OPTIONS = (
    "--bundle",
    "--format=esm",
    "--splitting",
    "--minify",
    "--log-level=warning",
    "--entry-names=bokeh-[name]",
    "--chunk-names=bokeh-shared",
    "--banner:js=/*! BokehJS and what it is made of: BSD-3-Clause and MIT, see @bokeh/bokehjs. */",
    # As in Bokeh's own build: a field that a class only declares must not hide the property of that name.
    "--loader:.js=ts",
    '--tsconfig-raw={"compilerOptions": {"useDefineForClassFields": false}}',
    # No chart has a formula or is drawn by WebGL.
    "--external:./mathjax",
    "--external:../glyphs/webgl",
    "--external:./webgl/*",
)


def main() -> int:
    """Install the npm packages that the program needs, copy or bundle their files, and return an exit code."""
    fetched = node.run(
        "npm",
        ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
    )
    if fetched:
        return fetched
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in ASSETS.items():
        shutil.copyfile(node.REPOSITORY / "node_modules" / source, VENDOR / name)
    with (VENDOR / "idiomorph.js").open("a", encoding="utf-8") as module:
        module.write(MODULE_SUFFIX)
    for declarations in BUNDLED.glob("*.d.ts"):
        shutil.copyfile(declarations, VENDOR / f"bokeh-{declarations.name}")
    entries = sorted(str(path.relative_to(node.REPOSITORY)) for path in BUNDLED.glob("*.js"))
    return node.run("node_modules/.bin/esbuild", [*entries, f"--outdir={VENDOR}", *BUNDLE_OPTIONS])


if __name__ == "__main__":
    sys.exit(main())
