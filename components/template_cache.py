"""Keeps compiled templates in `__pycache__` beside their sources, as Python keeps compiled modules.

Compiling them takes a third of the processor time of a start.
"""

import hashlib
import importlib.util
import os
import pickle
import sys
import threading
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache


class TemplateCache(BytecodeCache):
    """A cache without which everything works, only slower: a file that cannot be read or written is left out."""

    def __init__(self, environment: Environment) -> None:
        """Create the cache of an environment, on whose options the compiled templates depend."""
        options = environment.autoescape, environment.trim_blocks, environment.lstrip_blocks
        self._dependencies = repr((jinja2.__version__, options))

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Return the path of the file for a template (Jinja's hook)."""
        return importlib.util.cache_from_source(f"{filename or name}.py")

    def get_source_checksum(self, source: str) -> str:
        """Return what tells whether a compiled template is that of a source (Jinja's hook)."""
        return hashlib.sha256((self._dependencies + source).encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template, if there is one of the present source (Jinja's hook)."""
        with suppress(OSError, EOFError, pickle.UnpicklingError):
            bucket.bytecode_from_string(Path(bucket.key).read_bytes())

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write a compiled template, unless Python itself must write none (Jinja's hook)."""
        if sys.dont_write_bytecode:
            return
        path = Path(bucket.key)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            unfinished.write_bytes(bucket.bytecode_to_string())
            unfinished.replace(path)
