"""The Jinja environment of the pages: autoescaping, and separate from the one that Panel uses for its own templates."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from components.assets import Assets
from components.template_cache import TemplateCache
from preview.i18n.hyphenation import soft_hyphens

COMPONENTS_DIR = Path(__file__).parents[1]
_ICON_SYMBOL = re.compile(r'<symbol id="([\w-]+)" viewBox="0 0 16 16">(.*?)</symbol>')


@cache
def create_environment(assets: Assets, prefix: str) -> Environment:
    """Return the environment that loads templates by their path below `components/`.

    Args:
        assets: The static files; templates get a file's URL with `asset(name)`.
        prefix: The URL prefix of the program, empty or with a leading slash; templates get a URL with `url(path)`.

    Returns:
        The environment. Its global `icons` maps the names of `icons.svg` to their shapes. The filters `soft_hyphens`
        and `breakable` say where a long word or key can be broken.
    """
    environment = Environment(
        loader=FileSystemLoader(COMPONENTS_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.bytecode_cache = TemplateCache(environment)
    template_globals: dict[str, Any] = {
        "asset": lambda name: f"{prefix}/{assets.url_path(name)}",
        "url": lambda path: f"{prefix}{path}",
        "icons": _load_icons(),
    }
    environment.globals.update(template_globals)
    environment.filters.update(soft_hyphens=soft_hyphens, breakable=_breakable)
    return environment


def compile_templates(environment: Environment) -> None:
    """Compile all templates, as far as that is not done."""
    for template in environment.list_templates(extensions=["html"]):
        environment.get_template(template)


def _breakable(key: str) -> Markup:
    """Return a key that can be broken after each underscore."""
    return Markup("_<wbr>").join(key.split("_"))


def _load_icons() -> dict[str, Markup]:
    """Return the shapes of `icons.svg` by name.

    Templates draw each icon in place, because a browser builds a shadow tree for every `<use>` that refers to a symbol.
    """
    symbols = (COMPONENTS_DIR / "icons" / "icons.svg").read_text(encoding="utf-8")
    return {name: Markup(shape) for name, shape in _ICON_SYMBOL.findall(symbols)}  # noqa: S704  (a file of this package)
