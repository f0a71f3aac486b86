"""Compile the program and its templates, so that no start has to. `make install` runs it when a source has changed.

Installers of packages do this too; without it the first start takes twice as long, and every start does where
`PYTHONDONTWRITEBYTECODE` is set, as in many containers.
"""

import compileall
import sys
from pathlib import Path

from components.assets import Assets
from components.layout.templates import compile_templates, create_environment

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("preview", "api_handlers", "components")


def main() -> None:
    """Compile every module and template that has changed."""
    sys.dont_write_bytecode = False
    is_compiled = [
        compileall.compile_file(REPOSITORY / "app.py", quiet=1),
        *(compileall.compile_dir(REPOSITORY / package, quiet=1) for package in PACKAGES),
    ]
    compile_templates(create_environment(Assets({}), prefix=""))
    if not all(is_compiled):
        sys.exit("The program could not be compiled: see above.")


if __name__ == "__main__":
    main()
