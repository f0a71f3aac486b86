"""Listening sockets: of one process, or shared by several among which the kernel distributes connections."""

import socket

from preview.core.errors import AddressInUse
from preview.core.hosts import format_authority

BACKLOG = 1024
"""Connections that the kernel completes and queues before the program accepts them."""

_FIRST_UNPRIVILEGED_PORT = 1024


class ListenSocket:
    """Address of a single process. With port 0, `port` is the assigned one after `listen`."""

    def __init__(self, address: str, port: int) -> None:
        self.port = port
        self._address = address

    def listen(self) -> list[socket.socket]:
        """Bind and listen, one socket per address of the host. Call it when the program can serve connections.

        Raises:
            AddressInUse: If the address or port is taken.
        """
        sockets = _open_listening_sockets(self._address, self.port)
        self.port = int(sockets[0].getsockname()[1])
        return sockets


class ReusePortSocket(ListenSocket):
    """Port that several processes share (SO_REUSEPORT), reserved until they listen."""

    def __init__(self, address: str, port: int) -> None:
        """Reserve the port.

        Raises:
            AddressInUse: If the address or port is taken.
        """
        super().__init__(address, port)
        # The port is opened without sharing first: with it, another program of the same user that shares the port would
        # go unnoticed and get some of the connections.
        self._reserved = [_reserve_port(listening) for listening in super().listen()]

    def listen(self) -> list[socket.socket]:
        """Bind and listen in the calling process, which shares the port with the other processes.

        Raises:
            AddressInUse: If the address or port is taken.
        """
        return _open_listening_sockets(self._address, self.port, reuse_port=True)


def _open_listening_sockets(address: str, port: int, *, reuse_port: bool = False) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, socket_address in socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            listening = socket.socket(family, kind, protocol)
            sockets.append(listening)
            listening.setblocking(False)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if reuse_port:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # Port 0 is replaced by a free port, which the further addresses of the host use too.
            listening.bind(
                (
                    socket_address[0],
                    sockets[0].getsockname()[1] if port == 0 and len(sockets) > 1 else socket_address[1],
                    *socket_address[2:],
                )
            )
            listening.listen(BACKLOG)
    except OSError as error:
        for listening in sockets:
            listening.close()
        raise AddressInUse(
            f"The program cannot listen at {format_authority(address, port)}: {_cause(error, port)}"
        ) from error
    return sockets


def _cause(error: OSError, port: int) -> str:
    if isinstance(error, PermissionError) and port < _FIRST_UNPRIVILEGED_PORT:
        return f"ports below {_FIRST_UNPRIVILEGED_PORT} need a privilege. Set port to a higher one."
    return f"{error.strerror}. Set address and port to free ones of this machine."


def _reserve_port(listening: socket.socket) -> socket.socket:
    """Replace a listening socket by a bound one that does not listen and gets no connections."""
    socket_address = listening.getsockname()
    listening.close()
    reserved = socket.socket(listening.family, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if listening.family == socket.AF_INET6:
        reserved.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    reserved.bind(socket_address)
    return reserved
