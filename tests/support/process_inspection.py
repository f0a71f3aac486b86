"""What can be seen of a server's processes from outside: who they are, which has a connection, and which a lock."""

from pathlib import Path

from tests.support.pipeline import until
from tests.support.server_process import Server


def children(pid: int) -> list[int]:
    """The processes that it has started, by whichever of its threads."""
    return [int(child) for thread in Path(f"/proc/{pid}/task").iterdir() for child in (thread / "children").read_text().split()]


def both(server: Server) -> list[int]:
    """The two processes of `--processes 2`, once both serve."""

    def serving() -> list[int]:
        return [child for child in children(server.process.pid) if f"({child}) serves" in server.output]

    until(lambda: len(serving()) == 2, "two processes that serve")
    return serving()


def connected(server: Server, port: int) -> int:
    """The process that has the connection from that port of ours."""
    found: list[int] = []

    def look() -> bool:
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ours = (f":{server.port:04X}", f":{port:04X}")
        sockets = {f"socket:[{line[9]}]" for line in lines if (line[1][8:], line[2][8:]) == ours}
        found.extend(child for child in children(server.process.pid) if sockets & descriptors(child))
        return bool(found)

    until(look, "somebody to take the connection")
    return found[0]


def descriptors(pid: int) -> set[str]:
    """What it has open."""
    open_: set[str] = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            open_.add(str(descriptor.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return open_


def leader(lock: Path, server: Server) -> int | None:
    """Which of the processes holds the lock."""
    inode = f":{lock.stat().st_ino}"
    held = {int(line.split()[4]) for line in Path("/proc/locks").read_text().splitlines() if line.split()[5].endswith(inode)}
    return next(iter(held & set(children(server.process.pid))), None)
