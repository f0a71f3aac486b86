"""Styles, scripts and fonts, sent under an address that holds their content's hash: cached for good, and compressed once.

Tornado would compress 800 kB of scripts anew at every request.
"""

import asyncio
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import bokeh.server
import panel
from tornado.web import HTTPError, RequestHandler

HERE = Path(__file__).parent
_BOKEH = Path(bokeh.server.__file__).parent / "static"
_PANEL = Path(panel.__file__).parent / "dist"
_SHIMS = "bundled/reactiveesm/es-module-shims@*/dist/es-module-shims.min.js"
_FOREVER = "public, max-age=31536000, immutable"
_COMPRESSIBLE = {".css", ".js", ".svg"}
# What Panel's own page would load from below `static/`.
_SCRIPT = re.compile(r'<script\b[^>]*\bsrc="(?:\./|/)?(?:[^"]*/)?static/(js/[^"?]+|extensions/panel/[^"?]+)(?:\?[^"]*)?"[^>]*></script>')
# WebGL: no view of ours draws with it. (Panel's own script does not start without widgets and tables.)
_UNUSED = {"js/bokeh-gl.min.js"}


class Asset:
    """One file, read and compressed when first asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        kind = mimetypes.guess_type(path.name)[0] or ("font/woff2" if path.suffix == ".woff2" else "application/octet-stream")
        self.kind = "text/javascript" if path.suffix == ".js" else kind

    @cached_property
    def body(self) -> bytes:
        """As it lies on disk."""
        return self.path.read_bytes()

    @cached_property
    def compressed(self) -> bytes | None:
        """With gzip; None where that gains nothing (fonts are compressed already)."""
        return gzip.compress(self.body, 9) if self.path.suffix in _COMPRESSIBLE else None


class Assets:
    """Files that are sent, by name. Those of one group share a hash, so that a style finds its font beside it."""

    def __init__(self, groups: Mapping[str, Mapping[str, Path]]) -> None:
        self._assets: dict[str, Asset] = {}
        self._addresses: dict[str, str] = {}
        for group, paths in groups.items():
            assets = {name: Asset(path) for name, path in sorted(paths.items())}
            digest = hashlib.sha256()
            for name, asset in assets.items():
                digest.update(f"{name}\0{hashlib.sha256(asset.body).hexdigest()}\0".encode())
            for name, asset in assets.items():
                address = f"{group}-{digest.hexdigest()[:16]}/{name}"
                self._assets[address] = asset
                self._addresses[name] = address

    def address(self, name: str) -> str:
        """Below the program's prefix: `assets/look-0123456789abcdef/page.css`. Raises `KeyError` where there is none."""
        return f"assets/{self._addresses[name]}"

    def find(self, address: str) -> Asset | None:
        """The inverse of `address`, without its `assets/`."""
        return self._assets.get(address)

    def compress(self) -> None:
        """All of them, before they are asked for."""
        for asset in self._assets.values():
            _ = asset.compressed

    def scripts(self, bokeh_tags: str, prefix: str) -> str:
        """Panel's script tags with our addresses in place of its own; what no view needs is left out."""

        def ours(match: re.Match[str]) -> str:
            name = match[1]
            return "" if name in _UNUSED else f'<script src="{prefix}/{self.address(name)}"></script>'

        return _SCRIPT.sub(ours, bokeh_tags)


def load() -> Assets:
    """Our own files and Designsystemet's, and Bokeh's and Panel's scripts."""
    look = {path.name: path for folder in (HERE, HERE / "vendor") for path in folder.iterdir() if path.suffix in {".css", ".js", ".woff2"}}
    scripts = {f"js/{name}": _BOKEH / "js" / name for name in ("bokeh.min.js", "bokeh-widgets.min.js", "bokeh-tables.min.js")}
    scripts |= {f"extensions/panel/{path.relative_to(_PANEL)}": path for path in (_PANEL / "panel.min.js", *_PANEL.glob(_SHIMS))}
    return Assets({"look": look, "bokeh": scripts})


class AssetHandler(RequestHandler):
    """GET of one of them."""

    def initialize(self, assets: Assets) -> None:
        """`assets` is all that may be asked for."""
        self._found = assets.find

    async def get(self, address: str) -> None:
        """Compressed where the browser takes it. 404 for anything else, an older release's files too."""
        asset = self._found(address)
        if asset is None:
            raise HTTPError(404)
        self.set_header("Content-Type", asset.kind)
        self.set_header("Cache-Control", _FOREVER)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Vary", "Accept-Encoding")
        compressed = await asyncio.get_running_loop().run_in_executor(None, lambda: asset.compressed)
        if compressed is not None and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.write(compressed)
        else:
            self.write(asset.body)

    def compute_etag(self) -> str | None:
        """None: the address says it all."""
        return None
