"""Where the program listens: on a port of its own, or on one that its processes share, among which the kernel spreads connections."""

import socket

from preview.core.errors import PortTaken

_BACKLOG = 128
"""Connections that the kernel completes and queues before the program accepts them."""


class OwnPort:
    """Of one process. `number` is the port's own from `listen` on."""

    def __init__(self, address: str, port: int) -> None:
        self.number = port
        self._address = address

    def listen(self) -> list[socket.socket]:
        """When it is ready for connections. Raises `PortTaken`."""
        sockets = _listening(self._address, self.number)
        self.number = int(sockets[0].getsockname()[1])
        return sockets


class SharedPort(OwnPort):
    """Held for processes that are yet to listen on it, so that nobody else gets it. Raises `PortTaken`."""

    def __init__(self, address: str, port: int) -> None:
        super().__init__(address, port)
        # Alone first: who shares a port with others of the same user would get in among another program's processes unnoticed.
        self._held = [_held(each) for each in super().listen()]

    def listen(self) -> list[socket.socket]:
        """By each process, when it is ready for connections. Raises `PortTaken`."""
        return _listening(self._address, self.number, shared=True)


def _listening(address: str, port: int, *, shared: bool = False) -> list[socket.socket]:
    found: list[socket.socket] = []
    try:
        for family, kind, protocol, _, place in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
            listening = socket.socket(family, kind, protocol)
            found.append(listening)
            listening.setblocking(False)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # Port 0 takes a free port, which every further address of the host must share.
            listening.bind((place[0], found[0].getsockname()[1] if port == 0 and len(found) > 1 else place[1], *place[2:]))
            listening.listen(_BACKLOG)
    except OSError as error:
        for listening in found:
            listening.close()
        raise PortTaken(f"Nothing can listen at {address}:{port}: {error.strerror}.") from error
    return found


def _held(listening: socket.socket) -> socket.socket:
    """In its place one that is bound and does not listen: no connection comes to it."""
    place = listening.getsockname()
    listening.close()
    held = socket.socket(listening.family, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if listening.family == socket.AF_INET6:
        held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    held.bind(place)
    return held
