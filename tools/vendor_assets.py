"""Fetches the dashboard's styles, font and scripts from npm, as package-lock.json says, into components/vendor/."""

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
MODULE_SUFFIX = "\nexport {Idiomorph}\n"
"""Appended to idiomorph's minified script, which declares a global: its module build has three times the bytes."""


def main() -> int:
    """Install the npm packages that the program needs, copy their files, and return the exit code of npm."""
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
