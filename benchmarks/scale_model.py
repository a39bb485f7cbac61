"""From measured constants to what an installation of any size needs: parts, load, latency, price.

A simulation on paper. Each constant was measured by another benchmark, with two cores and up to
100,000 chunks; everything beyond is extrapolated as the docstrings of this file say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields

WORK_DAY_S = 8 * 3600
BUSY = 0.7
"""Of what a part can do, so much is asked of it at the peak."""


def measured(value: float, unit: str, how: str) -> float:
    """A constant, what it is measured in, and the command that did it."""
    return field(default=value, metadata={"unit": unit, "how": how})  # type: ignore[no-any-return]


LOAD = "benchmarks/load.py --phases search"
STREAMS = "benchmarks/load.py --phases streams"
FILLING = "benchmarks/load.py (size of its --data)"
BENCH = "philo bench search"
FULL_TEXT = "benchmarks/full_text.py"


@dataclass(frozen=True, slots=True)
class Constants:
    """Seconds are of one core. `_each_s` is for each chunk of the library, at one search, which
    asks the full text twice. `rest_s` is what is left of a search under load: SQL, permissions,
    HTTP, the audit log."""

    embed_s: float = measured(0.0071, "core s/question", BENCH)
    product_each_s: float = measured(3.5e-8, "core s/chunk", BENCH)
    text_s: float = measured(0.00076, "core s/search", FULL_TEXT)
    text_each_s: float = measured(4.4e-9, "core s/chunk", FULL_TEXT)
    rest_s: float = measured(0.031, "core s/search", LOAD)
    text_postgres_s: float = measured(0.052, "s/search", FULL_TEXT)
    text_postgres_each_s: float = measured(9.8e-7, "s/chunk", FULL_TEXT)
    process_cores: float = measured(1.2, "cores", LOAD)
    answer_s: float = measured(1.6, "core s/question", STREAMS)
    embed_chunk_s: float = measured(0.082, "core s/chunk", "benchmarks/ingest.py")
    copy_bytes: float = measured(1_400, "bytes/chunk", BENCH)
    store_bytes: float = measured(2_390, "bytes/chunk", FILLING)
    disk_bytes: float = measured(8_480, "bytes/chunk", FILLING)
    tail: float = measured(1.3, "p95/median", BENCH)

    def table(self) -> list[tuple[str, float, str, str]]:
        """Name, value, unit and command of each."""
        return [
            (one.name, getattr(self, one.name), one.metadata["unit"], one.metadata["how"])
            for one in fields(self)
        ]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Nothing here was measured: change it to yours. Prices are for a month, in any currency.
    `graph_s`: a search of a graph (HNSW) of 100,000 chunks; `graph_bytes`: a vector of 384 float32
    and its links."""

    searches_a_day: float = 10.0
    questions_a_day: float = 5.0
    peak: float = 3.0
    machine_cores: int = 16
    machine_gib: float = 64.0
    machine_price: float = 400.0
    large_gib: float = 512.0
    large_price: float = 2_500.0
    gpu_answers_per_s: float = 10.0
    gpu_price: float = 1_500.0
    disk_price_gib: float = 0.1
    latency_s: float = 0.3
    graph_s: float = 0.01
    graph_bytes: float = 2_000.0


@dataclass(frozen=True, slots=True)
class Demand:
    """At the peak, each second. A question is a search as well."""

    searches_per_s: float
    questions_per_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """`loads`: how much of one small machine (a process, its cores, its memory, and the time that
    a search may take) each part asks for; 1 is all of it. `lacks`: what Philo does not have."""

    chunks: int
    users: int
    demand: Demand
    loads: dict[str, float]
    store: str
    text: str
    processes: int
    machines: int
    large_machines: int
    gpus: int
    disk_gib: float
    p95_s: float
    price: float
    first_filling_core_days: float
    lacks: tuple[str, ...]

    @property
    def saturates_first(self) -> str:
        return max(self.loads, key=lambda part: self.loads[part])


def demand_of(users: int, assumed: Assumptions) -> Demand:
    each_s = assumed.peak / WORK_DAY_S
    questions = users * assumed.questions_a_day * each_s
    return Demand(users * assumed.searches_a_day * each_s + questions, questions)


def wait_p95_s(service_s: float, servers: int, arrivals_per_s: float) -> float:
    """Of the queue M/M/c: 0 where fewer than 5% wait.

    Erlang's C formula (A. K. Erlang, 1917); infinite where more come than are served.
    """
    offered = arrivals_per_s * service_s
    if offered >= servers:
        return math.inf
    blocked = 1.0  # Erlang B, by its recurrence
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    waits = servers * blocked / (servers - offered * (1 - blocked))
    if waits <= 0.05:
        return 0.0
    return math.log(waits / 0.05) * service_s / (servers - offered)


def loads_of(
    chunks: int, demand: Demand, known: Constants, assumed: Assumptions
) -> dict[str, float]:
    """Of each part on one small machine with one process, as Philo is installed at first."""
    product_s = known.product_each_s * chunks
    text_s = known.text_s + known.text_each_s * chunks
    cores = known.process_cores
    rate = demand.searches_per_s
    aim_s = assumed.latency_s / known.tail
    memory = assumed.machine_gib * 2**30 / 2  # the other half is for the rest
    return {
        "embedding of questions": rate * known.embed_s / cores,
        "exact product": max(rate * product_s / cores, product_s / aim_s),
        "memory for vectors": chunks * (known.copy_bytes + known.store_bytes) / memory,
        "full text": max(rate * text_s / cores, text_s / aim_s),
        "database and API": rate * known.rest_s / cores,
        "generator": demand.questions_per_s * known.answer_s / assumed.machine_cores,
    }


def plan(
    chunks: int,
    users: int,
    known: Constants | None = None,
    assumed: Assumptions | None = None,
) -> Plan:
    """What so many chunks and users need.

    - Vectors are compared exactly in a copy in each process, while the copy fits into half of a
      large machine and the product takes no more than half of the time there is; else in a graph
      (HNSW), whose time grows with the logarithm of the chunks and whose memory is one for all
      processes.
    - Full text is tantivy's while one process is enough, else PostgreSQL's. Both grow with the
      chunks, as the lists of words do.
    - A process uses `process_cores` at most, so more searches need more processes.
    - The generator is on the cores of the first machine, or else on GPUs.
    """
    known, assumed = known or Constants(), assumed or Assumptions()
    demand = demand_of(users, assumed)
    lacks: list[str] = []
    copy_bytes = chunks * known.copy_bytes
    product_s = known.product_each_s * chunks
    aim_s = assumed.latency_s / known.tail
    exact = copy_bytes <= assumed.large_gib * 2**30 / 2 and product_s <= aim_s / 2
    growth = max(1.0, math.log(max(chunks, 2)) / math.log(100_000))
    vectors_s = product_s if exact else assumed.graph_s * growth
    text_s = known.text_s + known.text_each_s * chunks
    here_s = known.embed_s + known.rest_s + (product_s if exact else 0.0)
    core_s = here_s + text_s
    processes = _servers(demand.searches_per_s * core_s / known.process_cores)
    text = "tantivy"
    if processes > 1:
        text = "PostgreSQL"
        text_s = known.text_postgres_s + known.text_postgres_each_s * chunks
        processes = _servers(demand.searches_per_s * here_s / known.process_cores)
    if text_s > aim_s:
        lacks.append(f"full text in parts ({text}: {text_s:.1f} s a search)")
    service_s = here_s + text_s + (0.0 if exact else vectors_s)
    servers = max(1, math.floor(processes * known.process_cores))
    p95_s = known.tail * service_s + wait_p95_s(here_s, servers, demand.searches_per_s)

    each_bytes = known.copy_bytes + (known.store_bytes if processes == 1 else 0.0)
    resident = processes * chunks * each_bytes if exact else 0.0
    shared = 0.0 if exact else chunks * assumed.graph_bytes
    server_cores = demand.searches_per_s * (
        (text_s if text == "PostgreSQL" else 0.0) + (0.0 if exact else vectors_s)
    )
    cores = processes * math.ceil(known.process_cores)
    machines = max(
        math.ceil(cores / assumed.machine_cores),
        math.ceil(resident / (assumed.machine_gib * 2**30 / 2)) if exact else 1,
    )
    large = 0
    if exact and chunks * each_bytes > assumed.machine_gib * 2**30 / 2:
        fitting = max(1, math.floor(assumed.large_gib * 2**30 / 2 / (chunks * each_bytes)))
        large, machines = math.ceil(processes / fitting), 0
    if text == "PostgreSQL" or not exact:
        needed = math.ceil(shared / (assumed.large_gib * 2**30 / 2))
        needed = max(needed, _servers(server_cores / assumed.machine_cores))
        if needed > 1:
            lacks.append(f"an index over {needed} servers")
        if shared > assumed.machine_gib * 2**30 / 2:
            large += needed
        else:
            machines += needed
    generator = demand.questions_per_s * known.answer_s
    spare = assumed.machine_cores - math.ceil(known.process_cores)
    gpus = (
        0
        if generator <= BUSY * spare
        else _servers(demand.questions_per_s / assumed.gpu_answers_per_s)
    )
    disk_gib = chunks * known.disk_bytes / 2**30
    return Plan(
        chunks=chunks,
        users=users,
        demand=demand,
        loads=loads_of(chunks, demand, known, assumed),
        store="copy in memory" if exact else "graph",
        text=text,
        processes=processes,
        machines=machines,
        large_machines=large,
        gpus=gpus,
        disk_gib=disk_gib,
        p95_s=p95_s,
        price=machines * assumed.machine_price
        + large * assumed.large_price
        + gpus * assumed.gpu_price
        + disk_gib * assumed.disk_price_gib,
        first_filling_core_days=chunks * known.embed_chunk_s / 86_400,
        lacks=tuple(lacks),
    )


def _servers(offered: float) -> int:
    """So many that none has more to do than `BUSY`."""
    return max(1, math.ceil(offered / BUSY))
