"""Runs a server with a limit of open files, and gives the tests themselves room for as many connections."""

import resource
import socket
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.support.server_process import Server


def with_descriptors(soft: int, hard: int) -> Sequence[str]:
    """Return a `launcher` that sets the soft and the hard limit of open files."""
    return ("sh", "-c", f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$@"', "sh")


def holds_connection(server: Server, peer: socket.socket) -> bool:
    """Return whether the server has its end of a connection open."""
    ports = (f":{server.port:04X}", f":{peer.getsockname()[1]:04X}")
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any((line[1][8:], line[2][8:]) == ports and line[9] != "0" for line in lines)


@contextmanager
def no_descriptor_left(pid: int) -> Generator[None]:
    """Lower the limit of a running process below what it has open, for the length of a block; it can open nothing."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def many_connections(server: Server, count: int, sent: bytes = b"", client: str = "") -> Generator[list[socket.socket]]:
    """Open connections that send the same bytes and then nothing; the test may have as many open as its system allows.

    Args:
        server: The server.
        count: How many.
        sent: What each of them sends.
        client: The local address to connect from; the whole of 127.0.0.0/8 is local.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with ExitStack() as stack:
            source = (client, 0) if client else None
            peers: list[socket.socket] = []
            for _ in range(count):
                peer = socket.create_connection(("127.0.0.1", server.port), 20, source)
                peers.append(stack.enter_context(peer))
                with suppress(ConnectionError):  # closed already, to make room
                    peer.sendall(sent)
            yield peers
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def is_closed(peer: socket.socket) -> bool:
    """Return whether the server has closed a connection on which it sends nothing."""
    peer.setblocking(False)
    try:
        return peer.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
