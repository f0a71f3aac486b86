"""Tells the leftovers of file managers and sync clients from delivered files, by their names (rule 3.6,
docs/domain.md).

They are passed over and counted nowhere, in archives, in folders and in the watched folder.
"""

_NAMES = frozenset({"__macosx", "desktop.ini", "thumbs.db", "@eadir", "#recycle"})  # in lower case
_PREFIXES = (".", "~$")  # names that begin with a dot include .DS_Store, ._*, .fseventsd and .~lock.*#
_SUFFIX = ":zone.identifier"  # in lower case


def is_leftover(name: str) -> bool:
    """Return whether a file or folder of that name is a leftover."""
    if name in (".", ".."):
        return False
    lower = name.lower()
    return lower in _NAMES or lower.startswith(_PREFIXES) or lower.endswith(_SUFFIX)


def is_leftover_path(path: str) -> bool:
    """Return whether a path with slashes leads to a leftover, or into a folder that is one."""
    return any(map(is_leftover, path.split("/")))
