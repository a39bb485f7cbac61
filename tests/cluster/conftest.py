"""A Ray cluster of this machine, of two nodes, for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # all on loopback; read at import
# Ray would kill its workers when the whole machine, tests beside it included, runs short of memory.
os.environ["RAY_memory_monitor_refresh_ms"] = "0"  # noqa: SIM112 - as Ray spells it

NODE = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False}


@pytest.fixture(scope="package")
def cluster() -> Iterator[Any]:
    """ray.cluster_utils.Cluster with its head; tests add and kill other nodes."""
    from ray.cluster_utils import Cluster

    started = Cluster(initialize_head=True, head_node_args=NODE)
    yield started
    started.shutdown()


@pytest.fixture(scope="module")
def second_node(cluster: Any) -> Iterator[Any]:
    """A node that may be killed: `cluster.remove_node(second_node, allow_graceful=False)`."""
    node = cluster.add_node(**NODE)
    yield node
    if node in cluster.list_all_nodes():
        cluster.remove_node(node)
