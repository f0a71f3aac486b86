"""The kind of file system that a folder is on: SQLite needs a local one."""

import os
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK_TYPES = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.glusterfs", "fuse.sshfs", "gfs2", "glusterfs", "gpfs"}
    | {"lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs", "virtiofs"}
)
_MEMORY_TYPES = frozenset({"ramfs", "tmpfs"})


def file_system_kind(folder: Path, mounts: str | None = None) -> str:
    """Return `local (ext4)`, `network (nfs4)`, `memory (tmpfs)` or the like, `unknown` where the system does not tell.

    Args:
        folder: A folder that exists. Its path is not part of the result.
        mounts: The text of `/proc/self/mountinfo`; read from there by default.
    """
    try:
        path = Path(os.path.realpath(folder))
        lines = (_MOUNTS.read_text(errors="surrogateescape") if mounts is None else mounts).splitlines()
    except OSError:
        return "unknown"
    kind, longest = "", -1
    for line in lines:
        mount, separator, details = line.partition(" - ")
        fields = mount.split(" ")
        if not separator or len(fields) < 5:
            continue
        mount_point = Path(_unescaped(fields[4]))
        # Of several mounts on one point, the last one is visible.
        if path.is_relative_to(mount_point) and len(mount_point.parts) >= longest:
            kind, longest = details.split(" ")[0], len(mount_point.parts)
    if not kind:
        return "unknown"
    group = "network" if kind in _NETWORK_TYPES else "memory" if kind in _MEMORY_TYPES else "local"
    return f"{group} ({kind})"


def _unescaped(field: str) -> str:
    """Return a field of the list of mounts, in which white space is written as an octal number."""
    for octal, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(octal, char)
    return field
