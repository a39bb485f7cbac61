"""A small TCP proxy between a client and a server: slow, silent, cutting, or honest."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress


class Proxy:
    """Leads from `port` to a server's port. `delay_s` is waited before each piece of an answer;
    while `silent`, no piece of an answer gets through; while `resetting`, connections are reset
    as soon as something is sent."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.delay_s = 0.0
        self.silent = False
        self.resetting = False
        self._closed = False
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._ends:
            end.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()
                continue
            self._ends += [near, far]
            threading.Thread(target=self._ask, args=(near, far), daemon=True).start()
            threading.Thread(target=self._answer, args=(far, near), daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while piece := near.recv(2**16):
                if self.resetting:
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    near.close()
                    break
                far.sendall(piece)
        self._end(far)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while piece := far.recv(2**16):
                time.sleep(self.delay_s)
                while self.silent and not self._closed:
                    time.sleep(0.01)
                near.sendall(piece)
        self._end(near)

    def _end(self, end: socket.socket) -> None:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
