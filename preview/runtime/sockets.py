"""Where the program listens: on a port of its own, or on one that its processes share, among which the kernel spreads connections."""

import socket

from preview.core.errors import AddressInUse

_BACKLOG = 128
"""Connections that the kernel completes and queues before the program accepts them."""


class ListenSocket:
    """Of one process. `number` is the port's own from `listen` on."""

    def __init__(self, address: str, port: int) -> None:
        self.port = port
        self._address = address

    def listen(self) -> list[socket.socket]:
        """When it is ready for connections. Raises `PortTaken`."""
        sockets = _open_listening_sockets(self._address, self.port)
        self.port = int(sockets[0].getsockname()[1])
        return sockets


class ReusePortSocket(ListenSocket):
    """Held for processes that are yet to listen on it, so that nobody else gets it. Raises `PortTaken`."""

    def __init__(self, address: str, port: int) -> None:
        super().__init__(address, port)
        # Alone first: who shares a port with others of the same user would get in among another program's processes unnoticed.
        self._reserved = [_reserve_port(listening) for listening in super().listen()]

    def listen(self) -> list[socket.socket]:
        """By each process, when it is ready for connections. Raises `PortTaken`."""
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
            # Port 0 takes a free port, which every further address of the host must share.
            listening.bind(
                (
                    socket_address[0],
                    sockets[0].getsockname()[1] if port == 0 and len(sockets) > 1 else socket_address[1],
                    *socket_address[2:],
                )
            )
            listening.listen(_BACKLOG)
    except OSError as error:
        for listening in sockets:
            listening.close()
        raise AddressInUse(f"Nothing can listen at {address}:{port}: {error.strerror}.") from error
    return sockets


def _reserve_port(listening: socket.socket) -> socket.socket:
    """In its place one that is bound and does not listen: no connection comes to it."""
    socket_address = listening.getsockname()
    listening.close()
    reserved = socket.socket(listening.family, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if listening.family == socket.AF_INET6:
        reserved.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    reserved.bind(socket_address)
    return reserved
