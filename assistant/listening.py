"""An address of this machine to serve on."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator

from assistant.access.login import ANY_HOSTS
from assistant.errors import PortInUseError

BACKLOG = 128


def reserve(host: str, port: int) -> socket.socket:
    """A socket of that address. Until it is told to `listen`, who calls is refused at once, and
    does not wait for what takes long to start.

    Args:
        port: 0 takes any free one.
    Raises:
        PortInUseError: the address is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        with _translated(host, port):
            listener.bind((host, port))
    except BaseException:
        listener.close()
        raise
    return listener


def listen(reserved: socket.socket) -> None:
    """
    Raises:
        PortInUseError: another program has begun to, at the same moment.
    """
    host, port = reserved.getsockname()[:2]
    with _translated(host, port):
        reserved.listen(BACKLOG)


@contextlib.contextmanager
def _translated(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if exc.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        raise PortInUseError(
            f"port {port} on {host} cannot be used ({exc.strerror}); choose another one with --port"
        ) from exc


def reached_here(host: str) -> str:
    """By which address this machine reaches what listens on `host`."""
    if host in ANY_HOSTS:
        return "::1" if ":" in host else "127.0.0.1"
    return host
