"""Styles, scripts and fonts, sent under an address that holds their content's hash: cached for good, and compressed once.

Tornado would compress 800 kB of scripts anew at every request.
"""

import asyncio
import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath

import bokeh.server
import panel
from tornado.web import HTTPError, RequestHandler

from components.layout import styles

COMPONENTS_DIR = Path(__file__).parent
_BOKEH = Path(bokeh.server.__file__).parent / "static"
_PANEL = Path(panel.__file__).parent / "dist"
_SHIMS = "bundled/reactiveesm/es-module-shims@*/dist/es-module-shims.min.js"
_IMMUTABLE = "public, max-age=31536000, immutable"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".woff2": "font/woff2"}
_COMPRESSIBLE = {".css", ".js"}
# One a page, so that it asks once: its parts of ours in their order, the first of which decides that of the layers; then Designsystemet's.
_BUNDLES = {
    "page.css": ("layout/page.css",),
    "preview.css": ("layout/page.css", "preview/preview.css", "deliveries/drawer.css"),
    "overview.css": ("layout/page.css", "overview/overview.css", "deliveries/drawer.css"),
}
_MARKUP_SUFFIXES = {".html", ".py", ".js", ".svg"}
# What Panel's own page would load from below `static/`.
_SCRIPT_TAG = re.compile(
    r'<script\b[^>]*\bsrc="(?:\./|/)?(?:[^"]*/)?static/(js/[^"?]+|extensions/panel/[^"?]+)(?:\?[^"]*)?"[^>]*></script>'
)
# WebGL: no view of ours draws with it. (Panel's own script does not start without widgets and tables.)
_EXCLUDED_SCRIPTS = {"js/bokeh-gl.min.js"}


class Asset:
    """A file, read when first asked for, or what was made of several; compressed when first asked for."""

    def __init__(self, name: str, source: Path | bytes) -> None:
        self._source = source
        self._suffix = PurePosixPath(name).suffix
        self.content_type = _MEDIA_TYPES.get(self._suffix, "application/octet-stream")

    @cached_property
    def body(self) -> bytes:
        """Uncompressed."""
        return self._source if isinstance(self._source, bytes) else self._source.read_bytes()

    @property
    def is_compressed(self) -> bool:
        """Whether `compressed` answers at once."""
        return "compressed" in self.__dict__

    @cached_property
    def compressed(self) -> bytes | None:
        """With gzip; None where that gains nothing (fonts are compressed already)."""
        return gzip.compress(self.body, 9) if self._suffix in _COMPRESSIBLE else None


class Assets:
    """Files that are sent, by name. Those of one group share a hash, so that a style finds its font beside it."""

    def __init__(self, groups: Mapping[str, Mapping[str, Path | bytes]]) -> None:
        self._assets: dict[str, Asset] = {}
        self._url_paths: dict[str, str] = {}
        for group, sources in groups.items():
            assets = {name: Asset(name, source) for name, source in sorted(sources.items())}
            digest = hashlib.sha256()
            for name, asset in assets.items():
                digest.update(f"{name}\0{hashlib.sha256(asset.body).hexdigest()}\0".encode())
            for name, asset in assets.items():
                url_path = f"{group}-{digest.hexdigest()[:16]}/{name}"
                self._assets[url_path] = asset
                self._url_paths[name] = url_path

    def url_path(self, name: str) -> str:
        """Below the program's prefix: `assets/look-0123456789abcdef/page.css`. Raises `KeyError` where there is none."""
        return f"assets/{self._url_paths[name]}"

    def find(self, url_path: str) -> Asset | None:
        """The inverse of `address`, without its `assets/`."""
        return self._assets.get(url_path)

    def compress(self) -> None:
        """All of them, before they are asked for."""
        for asset in self._assets.values():
            _ = asset.compressed

    def rewrite_scripts(self, tags: str, prefix: str) -> str:
        """Panel's script tags with our addresses in place of its own; what no view needs is left out."""

        def local_tag(match: re.Match[str]) -> str:
            name = match[1]
            return "" if name in _EXCLUDED_SCRIPTS else f'<script src="{prefix}/{self.url_path(name)}"></script>'

        return _SCRIPT_TAG.sub(local_tag, tags)


def load_assets() -> Assets:
    """Our own files and Designsystemet's, and Bokeh's and Panel's scripts."""
    own_assets: dict[str, Path | bytes] = {name: path for name, path in _component_files() if path.suffix == ".js"}
    own_assets |= {path.name: path for path in (COMPONENTS_DIR / "vendor").glob("*.woff2")}
    own_assets |= _build_bundles()
    scripts: dict[str, Path | bytes] = {
        f"js/{name}": _BOKEH / "js" / name for name in ("bokeh.min.js", "bokeh-widgets.min.js", "bokeh-tables.min.js")
    }
    scripts |= {f"extensions/panel/{path.relative_to(_PANEL)}": path for path in (_PANEL / "panel.min.js", *_PANEL.glob(_SHIMS))}
    return Assets({"look": own_assets, "bokeh": scripts})


def _component_files() -> list[tuple[str, Path]]:
    """Our own files by their path below this folder, which is also their address, so that scripts import each other by it."""
    paths = sorted(path for path in COMPONENTS_DIR.rglob("*") if path.is_file() and not path.is_relative_to(COMPONENTS_DIR / "vendor"))
    return [(path.relative_to(COMPONENTS_DIR).as_posix(), path) for path in paths]


def _build_bundles() -> dict[str, bytes]:
    markup_sources = "\n".join(path.read_text(encoding="utf-8") for _, path in _component_files() if path.suffix in _MARKUP_SUFFIXES)
    design_system = [(COMPONENTS_DIR / "vendor" / name).read_text(encoding="utf-8") for name in ("theme.css", "designsystemet.css")]
    own_sheets = {part: (COMPONENTS_DIR / part).read_text(encoding="utf-8") for parts in _BUNDLES.values() for part in parts}
    used_design_system = styles.purge(design_system, list(own_sheets.values()), markup_sources)
    return {
        name: ("".join(styles.compact(own_sheets[part]) for part in parts) + used_design_system).encode()
        for name, parts in _BUNDLES.items()
    }


class AssetHandler(RequestHandler):
    """GET of one of them."""

    def initialize(self, assets: Assets) -> None:
        """`assets` is all that may be asked for."""
        self._find_asset = assets.find

    async def get(self, path: str) -> None:
        """Compressed where the browser takes it. 404 for anything else, an older release's files too."""
        asset = self._find_asset(path)
        if asset is None:
            raise HTTPError(404)
        self.set_header("Content-Type", asset.content_type)
        self.set_header("Cache-Control", _IMMUTABLE)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Vary", "Accept-Encoding")
        if not asset.is_compressed:
            await asyncio.get_running_loop().run_in_executor(None, lambda: asset.compressed)
        compressed = asset.compressed
        if compressed is not None and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.write(compressed)
        else:
            self.write(asset.body)

    def compute_etag(self) -> str | None:
        """None: the address says it all."""
        return None
