"""Real servers on this machine, for as long as a block lasts."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn


@dataclass(frozen=True)
class Certificates:
    """A chain for localhost and 127.0.0.1, and the authority that signed it."""

    authority: Path
    chain: Path
    key: Path


@contextmanager
def served(app: Any, certificates: Certificates | None = None) -> Iterator[str]:
    """The address of an ASGI app that runs in a thread, with TLS where there are
    certificates."""
    listener = socket.create_server(("127.0.0.1", 0))
    options: dict[str, Any] = {}
    if certificates is not None:
        options = {"ssl_certfile": certificates.chain, "ssl_keyfile": certificates.key}
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", lifespan="off", loop="asyncio", **options)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.005)
    scheme = "http" if certificates is None else "https"
    try:
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        listener.close()


@contextmanager
def passed_on(port: int) -> Iterator[tuple[int, Callable[[], None]]]:
    """Another port that leads to `port`, until it is cut: then the connection is dead."""
    ends: list[socket.socket] = []

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(2**16):
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def connect() -> None:
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", port))
        ends.extend([near, far])
        for pair in ((near, far), (far, near)):
            threading.Thread(target=pass_on, args=pair, daemon=True).start()

    def cut() -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=connect, daemon=True)
        thread.start()
        yield listener.getsockname()[1], cut
        cut()
        thread.join(5)
    for end in ends:
        end.close()
