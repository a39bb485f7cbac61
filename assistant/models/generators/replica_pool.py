"""Starts replicas of a generator on a cluster, and takes them away."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import socket
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from assistant.errors import ClusterError, OfflineError
from assistant.models.cluster import divide_cores, joined_cluster, list_nodes, stays_on_loopback
from assistant.models.generators.base import Generator
from assistant.models.generators.replica import Replica
from assistant.models.generators.replicas import ReplicaGenerator
from assistant.models.settings import ModelSettings, ServingSettings

OPEN_GENERATOR = "assistant.models.generators:open_generator"
START_TIMEOUT_S = 600.0
"""For all replicas to be there: a large model is read from disk on each node."""
HEALTH_PERIOD_S = 5.0


def open_replicas(
    models: ModelSettings,
    serving: ServingSettings,
    *,
    replicas: int,
    address: str,
    data: Path,
    entry: str = OPEN_GENERATOR,
) -> ReplicaGenerator:
    """Start replicas on a cluster and wait until all of them are there.

    Each has a GPU where the cluster has enough of them, else its share of the cores of a node.

    Args:
        address: see `joined_cluster`.
        data: the data directory; the same one's replicas of an earlier time are replaced.
        entry: "module:function" that opens the generator, here and in each replica.
    Raises:
        ClusterError: no such cluster, too few cores, or the replicas do not start.
        ModelError: see `open_generator`.
    """
    module, _, name = entry.partition(":")
    with contextlib.ExitStack() as opened:
        try:
            local: Generator = getattr(import_module(module), name)(models, serving)
        except OfflineError as exc:
            raise ClusterError(
                f"'{models.generator}' runs on another machine and needs no replicas here; "
                "choose a model that Philo runs itself"
            ) from exc
        opened.callback(local.close)
        opened.enter_context(joined_cluster(address))
        application = f"philo-{_digest(data)}"
        handle = _deploy(
            application,
            models,
            serving,
            replicas=replicas,
            entry=entry,
            loopback=stays_on_loopback(address),
        )
        opened.callback(_remove, application)
        return ReplicaGenerator(local, handle, serving, replicas=replicas, opened=opened.pop_all())


def _deploy(
    application: str,
    models: ModelSettings,
    serving: ServingSettings,
    *,
    replicas: int,
    entry: str,
    loopback: bool,
) -> Any:
    # A replica on a busy core takes longer than a tenth of a second to say how much it has to do.
    os.environ.setdefault("RAY_SERVE_QUEUE_LENGTH_RESPONSE_DEADLINE_S", "2")
    from ray import serve

    logging.getLogger("ray.serve").setLevel(logging.WARNING)  # it tells of each step otherwise
    nodes = list_nodes()
    with_gpu = sum(node.gpus for node in nodes) >= replicas
    cores = 0 if with_gpu else divide_cores([node.cores for node in nodes], replicas)
    if not with_gpu and not cores:
        raise ClusterError(
            f"{replicas} replicas need a core each, and the cluster has "
            f"{sum(node.cores for node in nodes)}; ask for fewer with --replicas"
        )
    shared = -(-replicas // len(nodes))  # on the node that has most of them
    memory = {"cache_bytes": serving.cache_bytes // shared}
    memory |= {"prefix_bytes": serving.prefix_bytes // shared}
    each = serving.model_copy(update=memory)
    deployment: Any = serve.deployment(
        Replica,
        name="generator",
        num_replicas=replicas,
        ray_actor_options={"num_gpus": 1, "num_cpus": 1} if with_gpu else {"num_cpus": cores},
        max_ongoing_requests=2 * (serving.slots + serving.queue),
        health_check_period_s=HEALTH_PERIOD_S,
        graceful_shutdown_timeout_s=2,
    )
    bound = deployment.bind(
        entry,
        models.model_dump_json(),
        each.model_dump_json(),
        cores,
        application,
        loopback,
    )
    serve.start(proxy_location="Disabled")  # only this service asks the replicas
    if application in serve.status().applications:  # of a service that was killed
        serve.delete(application)
    handle = serve.run_many(
        [serve.RunTarget(bound, name=application, route_prefix=None)],
        wait_for_applications_running=False,
    )[0]
    _wait_until_running(application)
    return handle


def _wait_until_running(application: str) -> None:
    from ray import serve

    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        status = serve.status().applications[application]
        if status.status == "RUNNING":
            return
        if status.status in {"DEPLOY_FAILED", "UNHEALTHY"}:
            said = "; ".join(one.message for one in status.deployments.values()) or status.message
            _remove(application)
            raise ClusterError(f"the replicas do not start: {said[-600:]}")
        time.sleep(0.1)
    _remove(application)
    raise ClusterError(
        f"the replicas were not there within {START_TIMEOUT_S:g} s; see with 'ray status' "
        "whether the cluster's cores and GPUs are free"
    )


def _remove(application: str) -> None:
    from ray import serve

    serve.delete(application)


def _digest(data: Path) -> str:
    return hashlib.sha256(f"{socket.gethostname()}:{data}".encode()).hexdigest()[:10]
