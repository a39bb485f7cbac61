"""Replicas of a generator on a real cluster of two nodes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from langchain_core.messages import HumanMessage

from assistant.errors import ClusterError, ContextTooLongError, GenerationError, GeneratorBusyError
from assistant.models.cluster import divide_cores
from assistant.models.generators.replica_pool import open_replicas
from assistant.models.generators.replicas import ReplicaGenerator
from assistant.models.settings import ModelSettings, ServingSettings

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.*"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of Ray's processes and sockets
]

QUESTION = [HumanMessage("Who writes this?")]
SERVING = ServingSettings(slots=1, queue=7)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replicas")


def open_slow(folder: Path, address: str, count: int) -> ReplicaGenerator:
    return open_replicas(
        ModelSettings(directory=folder),
        SERVING,
        replicas=count,
        address=address,
        data=folder,
        entry="tests.cluster.slow_generator:open_slow",
    )


@pytest.fixture(scope="module")
def replicas(cluster: Any, second_node: Any, folder: Path) -> Iterator[ReplicaGenerator]:
    """One on each node; one of them dies in the last test."""
    opened = open_slow(folder, cluster.address, 2)
    yield opened
    opened.close()


def write(replicas: ReplicaGenerator, most: int, **wishes: Any) -> list[str]:
    return "".join(replicas.stream_text(QUESTION, max_new_tokens=most, **wishes)).split()


def wait_for(condition: Any, timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def lives(process: psutil.Process) -> bool:
    """False of a zombie too: whoever takes over its processes may not reap them."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_tokens_come_as_the_generator_of_a_replica_gives_them(replicas: ReplicaGenerator) -> None:
    assert replicas.model_id == "slow"
    tokens = list(replicas.stream_tokens(QUESTION, max_new_tokens=3))
    assert [(token.id, token.logprob) for token in tokens] == [(0, -0.5), (1, -0.5), (2, -0.5)]


def test_too_long_a_prompt_is_refused_before_a_replica_is_asked(
    replicas: ReplicaGenerator,
) -> None:
    with pytest.raises(ContextTooLongError, match="2048"):
        replicas.stream_text(QUESTION, max_new_tokens=2047)


def test_failure_in_a_replica_is_told(replicas: ReplicaGenerator) -> None:
    with pytest.raises(GenerationError, match="no log-probabilities"):
        replicas.score(QUESTION, "Berlin")


def test_cancelling_reaches_the_replica(replicas: ReplicaGenerator, folder: Path) -> None:
    notes = folder / "notes.txt"
    stream = replicas.stream_text(QUESTION, max_new_tokens=1000)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    wait_for(notes.exists)
    ticket = replicas.reserve()
    stream = replicas.stream_text(QUESTION, max_new_tokens=1000, ticket=ticket)
    next(stream)  # the replica is at it
    threading.Timer(0.1, ticket.cancel).start()  # from another thread
    with pytest.raises(GenerationError, match="cancelled"):
        list(stream)
    wait_for(lambda: len(notes.read_text().splitlines()) == 2)


def test_nobody_can_take_all_places_alone(replicas: ReplicaGenerator) -> None:
    held = [replicas.reserve(principal="one") for _ in range(16)]
    with pytest.raises(GeneratorBusyError) as busy:
        replicas.reserve(principal="one")
    assert busy.value.retry_after_s > 0
    replicas.reserve(principal="other").cancel()
    for place in held:
        place.cancel()
    replicas.reserve(principal="one").cancel()


def test_lost_replica_loses_no_request_that_had_not_begun(replicas: ReplicaGenerator) -> None:
    """Killed while two answers are being written and six wait."""
    answers: list[list[str]] = []
    failures: list[GenerationError] = []
    writing: dict[int, str] = {}

    def ask(number: int) -> None:
        words: list[str] = []
        try:
            for piece in replicas.stream_text(QUESTION, max_new_tokens=16):
                words.append(piece.strip())
                writing[number] = words[0]
        except GenerationError as exc:
            failures.append(exc)
        else:
            answers.append(words)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(set(writing.values())) == 2)
    assert len(writing) < 8
    victim = next(iter(writing.values()))
    os.kill(int(victim), signal.SIGKILL)
    for thread in threads:
        thread.join(60)
    assert ["lost; ask again" in str(failure) for failure in failures] == [True]
    assert len(answers) == 7
    assert all(len(set(words)) == 1 and len(words) == 16 for words in answers)
    # Another one takes its place.
    wait_for(lambda: len({write(replicas, 1)[0] for _ in range(6)} - {victim}) == 2)


def test_too_many_replicas_are_refused(
    replicas: ReplicaGenerator, cluster: Any, folder: Path
) -> None:
    with pytest.raises(ClusterError, match="ask for fewer with --replicas"):
        open_slow(folder, cluster.address, 9)


def test_second_cluster_is_refused(replicas: ReplicaGenerator, folder: Path) -> None:
    with pytest.raises(ClusterError, match="use one cluster"):
        open_slow(folder, "127.0.0.1:9", 1)


def test_answers_go_on_when_a_node_dies(
    replicas: ReplicaGenerator, cluster: Any, second_node: Any
) -> None:
    """Asked once its processes are gone: an answer that one of them has begun is lost with it."""
    raylet = psutil.Process(second_node.all_processes["raylet"][0].process.pid)
    dying = raylet.children(recursive=True)
    assert dying
    cluster.remove_node(second_node, allow_graceful=False)
    wait_for(lambda: not any(lives(process) for process in dying))
    assert [len(write(replicas, 2)) for _ in range(8)] == [2] * 8


@pytest.mark.parametrize(
    ("nodes", "shares", "cores"),
    [([8], 2, 4), ([2, 2], 2, 2), ([3, 3], 3, 1), ([4, 1], 3, 1), ([2], 3, 0), ([], 1, 0)],
)
def test_cores_are_divided_within_nodes(nodes: list[int], shares: int, cores: int) -> None:
    assert divide_cores(nodes, shares) == cores
