"""An address while a service starts, and two that want the same."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from assistant.errors import PortInUseError
from assistant.listening import listen, reserve

HOST = "127.0.0.1"


def test_who_calls_during_the_start_is_refused_and_does_not_wait() -> None:
    with closing(reserve(HOST, 0)) as reserved:
        address = reserved.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=10)
        listen(reserved)
        socket.create_connection(address, timeout=10).close()


def test_an_address_has_one_service_also_where_two_begin_at_the_same_moment() -> None:
    with closing(reserve(HOST, 0)) as first:
        port = first.getsockname()[1]
        with closing(reserve(HOST, port)) as second:
            listen(first)
            with pytest.raises(PortInUseError, match=f"port {port} on {HOST}"):
                listen(second)
        with pytest.raises(PortInUseError, match="choose another one"):
            reserve(HOST, port)
