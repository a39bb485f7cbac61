"""A Ray cluster: one of Philo's own on this machine, or one that runs already.

Its nodes trust each other and this process: what they exchange is Ray's own serialisation. The
cluster's network is the administrator's to keep private (see docs/cluster.md).
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.errors import ClusterError
from assistant.machine import count_cores
from assistant.offline import forbid_telemetry

AUTO = "auto"
OBJECT_STORE_BYTES = 256 * 2**20
"""On a cluster of one's own: prompts and pages pass through it, nothing is kept."""

ANSWER_TIMEOUT_S = 5.0

_LOOPBACK_SWITCH = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Set to 0, every process of Ray listens on loopback only, as it always does on macOS."""


@dataclass(frozen=True, slots=True)
class Node:
    """What a living node has in all, whoever uses it."""

    cores: int
    gpus: int


def stays_on_loopback(address: str) -> bool:
    """Whether a cluster is of this machine alone."""
    return address == AUTO or address.startswith(("127.0.0.1:", "localhost:"))


@contextlib.contextmanager
def joined_cluster(address: str) -> Iterator[None]:
    """Be a driver of the cluster while the block runs. Inside of another such block, of it.

    Args:
        address: `auto` starts one on this machine, which ends with the block and listens on
            loopback only; else host:port of the head node of a running one, of which this
            machine must be a node too.
    Raises:
        ClusterError: Ray is not installed, or no cluster can be joined there.
    """
    forbid_telemetry()  # Ray reports usage otherwise
    if stays_on_loopback(address):
        os.environ[_LOOPBACK_SWITCH] = "0"  # read when Ray is imported
    try:
        import ray
    except ImportError as exc:
        raise ClusterError("Ray is not installed; run: pip install 'philo[cluster]'") from exc
    logging.getLogger("ray._private").setLevel(logging.ERROR)  # it comments on each start
    if ray.is_initialized():  # by a block around this one
        joined = ray.get_runtime_context().gcs_address
        if address not in {AUTO, joined}:
            raise ClusterError(f"'{address}' cannot be joined beside '{joined}'; use one cluster")
        yield
        return
    on_termination = signal.getsignal(signal.SIGTERM)
    try:
        if address == AUTO:
            ray.init(
                address="local",
                num_cpus=count_cores(),
                include_dashboard=False,
                log_to_driver=False,
                configure_logging=False,
                object_store_memory=OBJECT_STORE_BYTES,
            )
        else:
            _require_answer(address)
            ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (RuntimeError, ValueError, OSError) as exc:
        said = (str(exc).strip().splitlines() or [type(exc).__name__])[0][:200]
        raise ClusterError(
            f"no Ray cluster can be joined at '{address}' ({said}); give host:port of its head "
            "node, run 'ray start --address=host:port' on this machine first, and see that both "
            "have the same Ray and Python"
        ) from exc
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_termination)  # Ray has put its own there
    try:
        yield
    finally:
        ray.shutdown()


def listen_on_loopback() -> None:
    """For a replica that was just started on a cluster of one's own: the one server that Ray
    Serve 2.60 binds to all addresses, whatever the node's own is."""
    from ray.serve._private import replica

    module: Any = replica
    bind = module.add_port_to_grpc_server
    module.add_port_to_grpc_server = lambda server, address: bind(
        server, address.replace("[::]", "127.0.0.1")
    )


def list_nodes() -> list[Node]:
    """The living nodes of the cluster that this process has joined."""
    import ray

    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]  # Ray has no types
    return [
        Node(int(node["Resources"].get("CPU", 0)), int(node["Resources"].get("GPU", 0)))
        for node in nodes
        if node["Alive"]
    ]


def divide_cores(node_cores: Sequence[int], shares: int) -> int:
    """The most cores that each of `shares` workers can have, each within one node; 0 when
    there are fewer cores than workers."""
    for cores in range(max(node_cores, default=0), 0, -1):
        if sum(of_node // cores for of_node in node_cores) >= shares:
            return cores
    return 0


def _require_answer(address: str) -> None:
    """Ray itself waits for minutes for a cluster that is not there.

    Raises:
        ConnectionError: nothing that speaks Ray's protocol (gRPC) answers.
        ValueError: it is not host:port.
    """
    import grpc

    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError("it is not host:port")
    if os.environ.get("RAY_USE_TLS") == "1":
        return  # Ray has its own certificates; only it can tell
    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(ANSWER_TIMEOUT_S)
        except grpc.FutureTimeoutError as exc:
            raise ConnectionError(f"nothing answers within {ANSWER_TIMEOUT_S:g} s") from exc
