"""Inspects the processes of a server from outside: their ids, connections and locks."""

from pathlib import Path

from tests.support.pipeline import wait_until
from tests.support.server_process import Server


def child_pids(pid: int) -> list[int]:
    """Return the ids of the child processes, started by any of its threads."""
    return [
        int(child)
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]


def wait_for_both(server: Server) -> list[int]:
    """Return the ids of the two processes of `--processes 2` when both are serving."""

    def ready_pids() -> list[int]:
        return [child for child in child_pids(server.process.pid) if f"({child}) is ready" in server.output]

    wait_until(lambda: len(ready_pids()) == 2, "two processes that serve")
    return ready_pids()


def pid_of_connection(server: Server, port: int) -> int:
    """Return the process that has the connection from that local port."""
    found: list[int] = []

    def find_process() -> bool:
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        addresses = (f":{server.port:04X}", f":{port:04X}")
        sockets = {f"socket:[{line[9]}]" for line in lines if (line[1][8:], line[2][8:]) == addresses}
        found.extend(child for child in child_pids(server.process.pid) if sockets & open_descriptors(child))
        return bool(found)

    wait_until(find_process, "somebody to take the connection")
    return found[0]


def open_descriptors(pid: int) -> set[str]:
    """Return the open files and sockets of the process."""
    names: set[str] = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            names.add(str(descriptor.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return names


def lock_holder(lock: Path, server: Server) -> int | None:
    """Return the process that holds the lock."""
    inode = f":{lock.stat().st_ino}"
    holders = {
        int(line.split()[4]) for line in Path("/proc/locks").read_text().splitlines() if line.split()[5].endswith(inode)
    }
    return next(iter(holders & set(child_pids(server.process.pid))), None)
