"""Static files under URLs with a hash of their content: cached forever by browsers, compressed once by the server."""

import asyncio
import gzip
import hashlib
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

from tornado.web import HTTPError

from components.read_only_handler import ReadOnlyHandler
from preview.core.errors import ConfigurationError

COMPONENTS_DIR = Path(__file__).parent
VENDOR_DIR = COMPONENTS_DIR / "vendor"
PAGE_FOLDERS = tuple(sorted(sheet.stem for sheet in COMPONENTS_DIR.glob("*/*.css") if sheet.stem == sheet.parent.name))
"""The folders of live pages: those with a stylesheet of their own name."""
STYLESHEETS = ("page.css", *(f"{name}.css" for name in PAGE_FOLDERS))
"""The sheets that `tools/build_stylesheets.py` writes to `components/vendor/`, one for each kind of page."""

_IMMUTABLE = "public, max-age=31536000, immutable"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_COMPRESSIBLE = {".css", ".js", ".svg"}


class Asset:
    """A static file. Its content is read and compressed at the first use, and kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.content_type = _MEDIA_TYPES.get(path.suffix, "application/octet-stream")

    @cached_property
    def body(self) -> bytes:
        """The content, uncompressed."""
        return self._path.read_bytes()

    @property
    def is_compressed(self) -> bool:
        """Whether `compressed` returns without compressing first."""
        return "compressed" in self.__dict__

    @cached_property
    def compressed(self) -> bytes | None:
        """The content with gzip; None for fonts, which are compressed already."""
        return gzip.compress(self.body, 9) if self._path.suffix in _COMPRESSIBLE else None


class Assets:
    """The static files by name. The files of one group share the hash in their URLs."""

    def __init__(self, groups: Mapping[str, Mapping[str, Path]]) -> None:
        """Read and hash the files.

        Args:
            groups: File paths by name by group. A stylesheet and the fonts that it names relatively must be in one
                group.
        """
        self._assets: dict[str, Asset] = {}
        self._url_paths: dict[str, str] = {}
        for group, sources in groups.items():
            assets = {name: Asset(path) for name, path in sorted(sources.items())}
            digest = hashlib.sha256()
            for name, asset in assets.items():
                digest.update(f"{name}\0{hashlib.sha256(asset.body).hexdigest()}\0".encode())
            for name, asset in assets.items():
                url_path = f"{group}-{digest.hexdigest()[:16]}/{name}"
                self._assets[url_path] = asset
                self._url_paths[name] = url_path

    def url_path(self, name: str) -> str:
        """Return a file's path below the URL prefix, such as `assets/look-0123456789abcdef/page.css`.

        Raises:
            KeyError: If there is no file of that name.
        """
        return f"assets/{self._url_paths[name]}"

    def find(self, url_path: str) -> Asset | None:
        """Return the file of a path as `url_path` returns it, without `assets/`; None if there is none."""
        return self._assets.get(url_path)

    def compress(self) -> None:
        """Compress all files that are sent compressed. Blocks for about a second."""
        for asset in self._assets.values():
            _ = asset.compressed


@cache
def load_assets(vendor_dir: Path = VENDOR_DIR) -> Assets:
    """Return the dashboard's scripts, those of Bokeh included, stylesheets, fonts and icon; once per process.

    A script is named by its path below `components/`, so that scripts can import each other by relative URLs.

    Args:
        vendor_dir: Folder of the stylesheets and fonts.

    Raises:
        ConfigurationError: If the stylesheets have not been built.
    """
    missing = [name for name in STYLESHEETS if not (vendor_dir / name).exists()]
    if missing:
        raise ConfigurationError(
            f"{', '.join(missing)} missing in {vendor_dir}. Run `make install` to build the stylesheets."
        )
    own_files = {path.relative_to(COMPONENTS_DIR).as_posix(): path for path in COMPONENTS_DIR.rglob("*.js")}
    own_files["icons/favicon.svg"] = COMPONENTS_DIR / "icons" / "favicon.svg"
    own_files |= {path.name: path for path in vendor_dir.glob("*.woff2")}
    own_files |= {name: vendor_dir / name for name in STYLESHEETS}
    return Assets({"look": own_files})


class AssetHandler(ReadOnlyHandler):
    """Answers `GET /assets/...`."""

    def initialize(self, assets: Assets) -> None:
        """Take the files; nothing else can be requested."""
        self._find_asset = assets.find

    async def get(self, path: str) -> None:
        """Send a file, with gzip if the browser accepts it; 404 for an unknown path, as that of an older release."""
        asset = self._find_asset(path)
        if asset is None:
            raise HTTPError(404)
        self.set_header("Content-Type", asset.content_type)
        self.set_header("Cache-Control", _IMMUTABLE)
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
        """Return None: the URL identifies the content."""
        return None


class FaviconHandler(ReadOnlyHandler):
    """Answers `GET /favicon.ico`, which browsers request by themselves."""

    def initialize(self, path: Path) -> None:
        """Read the file (Tornado's hook)."""
        self._body = path.read_bytes()

    def get(self) -> None:
        """Send the icon."""
        self.set_header("Content-Type", "image/x-icon")
        self.set_header("Cache-Control", "public, max-age=86400")
        self.finish(self._body)
