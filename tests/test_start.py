"""Start of the real program: reasons for which it does not start, and the address that it prints.

Some start from nothing: those with a launcher, and that which starts. The others are forked, like all servers.
"""

import os
import shutil
import signal
import socket
import tempfile
from pathlib import Path

import httpx
import pytest

from tests.support.server_process import running_server, start_process

EXIT_SECONDS = 60


def start(data_dir: Path, *arguments: str, launcher: tuple[str, ...] = ()) -> tuple[int, str]:
    """Return exit code and output of a server that does not start."""
    command = ["serve", "--port", "0", "--data-dir", str(data_dir), *arguments]
    cwd, environment = Path(tempfile.gettempdir()), dict(os.environ)
    process = start_process(command, cwd, environment, fresh=False, launcher=launcher)
    assert process.stdout is not None
    with process.stdout:
        try:
            return process.wait(EXIT_SECONDS), process.stdout.read()
        finally:
            process.send_signal(signal.SIGKILL)  # if it runs still


def assert_one_sentence(result: tuple[int, str], words: str) -> None:
    code, output = result
    lines = output.splitlines()
    assert code == 1, output
    assert "Traceback" not in output
    assert lines[0].startswith("Error: "), output
    assert words in lines[0]
    assert len([line for line in lines if not line.startswith("{")]) == 1


@pytest.mark.parametrize("processes", ["1", "2"])
def test_data_dir_that_is_a_file_is_reported(tmp_path: Path, processes: str) -> None:
    (tmp_path / "file").touch()
    assert_one_sentence(start(tmp_path / "file", "--processes", processes), "is a file")
    assert_one_sentence(start(tmp_path / "file" / "data"), "cannot be created: Not a directory")


def test_unwritable_data_dir_is_reported(tmp_path: Path) -> None:
    setpriv = shutil.which("setpriv")
    if os.geteuid() == 0 and setpriv is None:
        pytest.skip("The superuser may write everywhere.")
    launcher = (setpriv or "", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    folder = tmp_path / "data"
    folder.mkdir(mode=0o500)
    assert_one_sentence(start(folder, launcher=launcher), "cannot be read and written")
    assert_one_sentence(start(folder / "x", launcher=launcher), "cannot be created: Permission denied")


@pytest.mark.parametrize("processes", ["1", "2"])
def test_taken_port_is_reported(data_dir: Path, processes: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = start(data_dir, "--port", port, "--processes", processes)
    assert_one_sentence(result, f"cannot listen at 127.0.0.1:{port}: Address already in use")


def test_privileged_port_is_reported(data_dir: Path) -> None:
    setpriv = shutil.which("setpriv")
    first_free = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not first_free.exists() or int(first_free.read_text()) < 1024 or (os.geteuid() == 0 and setpriv is None):
        pytest.skip("Every port is free to use here.")
    launcher = (setpriv or "", "--bounding-set=-net_bind_service") if os.geteuid() == 0 else ()
    assert_one_sentence(start(data_dir, "--port", "1023", launcher=launcher), "ports below 1024 need a privilege")


def test_ipv6_address_is_printed_with_brackets(data_dir: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("There is no IPv6 here.")
    with running_server(data_dir, "--address", "::1", fresh=True) as server:
        assert server.url == f"http://[::1]:{server.port}"
        assert httpx.get(f"{server.url}/livez").status_code == 200


def test_key_files_that_cannot_be_trusted_are_reported(data_dir: Path) -> None:
    (data_dir / "session.key").touch(mode=0o600)
    assert_one_sentence(start(data_dir), "session.key in the data folder is damaged or not this program's. Delete it")
    (data_dir / "key").chmod(0o640)
    assert_one_sentence(
        start(data_dir, "--processes", "2"), "key in the data folder can be accessed by other users (mode 640)"
    )
