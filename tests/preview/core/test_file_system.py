"""The kind of file system of a folder, read from a list of mounts."""

from pathlib import Path

import pytest

from preview.core.file_system import file_system_kind

MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /run/memory rw - tmpfs tmpfs rw
23 21 0:40 / /mnt/Felles\\040data rw - nfs4 server:/export rw
24 21 0:41 / /mnt/office rw - cifs //server/share rw
25 24 0:42 / /mnt/office rw - fuse.sshfs server: rw
26 21 8:2 / /mnt/off rw - xfs /dev/sdb rw
a line of another form
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/preview", "local (ext4)"),
        ("/run/memory/data", "memory (tmpfs)"),
        ("/mnt/Felles data/preview", "network (nfs4)"),
        ("/mnt/office/data", "network (fuse.sshfs)"),
        ("/mnt/off", "local (xfs)"),
        ("/mnt/offside", "local (ext4)"),
    ],
)
def test_kind_is_that_of_the_nearest_mount(folder: str, kind: str) -> None:
    assert file_system_kind(Path(folder), MOUNTS) == kind


def test_kind_is_unknown_without_mounts() -> None:
    assert file_system_kind(Path("/data"), "") == "unknown"


def test_kind_of_a_real_folder_is_known(tmp_path: Path) -> None:
    assert file_system_kind(tmp_path).split(" ")[0] in {"local", "memory", "network"}
