"""benchmarks/load.py over a small library: all of it runs, and what it counts is right.

The load comes from a process of its own, since gevent replaces this one's sockets.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.load import EXAMPLES, PHASES, askers, measure, name_people
from benchmarks.load_measures import Row, measure_growth, measure_searches, measure_streams
from benchmarks.load_order import follow
from benchmarks.load_service import Sample

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts open files in /proc")


def figure(rows: list[Row], phase: str, what: str) -> Row:
    [found] = [one for one in rows if one.phase == phase and one.what == what]
    return found


def test_searches_and_streams_of_a_small_service_are_measured(
    tmp_path: Path, model_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHILO_MODELS__DIRECTORY", str(model_directory))
    monkeypatch.setenv("PHILO_ANSWERING__CONTEXT_TOKENS", "256")
    rows = measure(
        tmp_path / "data",
        [EXAMPLES / "leave-ireland.md"],
        phases=["search", "beyond"],
        chunks=200,
        groups=10,
        people=4,
        seconds=1.0,
        soak_seconds=0,
        rate=8,
        streams=4,
        answer_tokens=16,
        slots=2,
        warm_up_s=0.0,
    )
    assert figure(rows, "all", "chunks / documents").value.startswith("200 / ")
    assert figure(rows, "search", "5xx or no answer").met
    assert float(figure(rows, "search", "p95, ms").value) > 0
    assert "dense" in figure(rows, "search", "steps of a search, ms on average").value
    assert figure(rows, "6 streams", "dropped without a word").met
    assert figure(rows, "6 streams", "429 without Retry-After").met
    assert figure(rows, "6 streams", "ended with an error").value == "0"
    counts = figure(rows, "6 streams", "asked / let in / 429").value.split(" / ")
    asked, let_in, refused = map(int, counts)
    assert asked == let_in + refused == 6


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_a_hundred_thousand_chunks_under_load(
    tmp_path: Path, model_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In full length. What is slower than aimed at depends on the machine, and is printed; what
    is lost, dropped or grows fails."""
    from benchmarks.load_measures import write_table

    monkeypatch.setenv("PHILO_MODELS__DIRECTORY", str(model_directory))
    rows = measure(
        tmp_path / "data",
        [EXAMPLES],
        phases=PHASES,
        chunks=100_000,
        groups=50,
        people=100,
        seconds=600,
        soak_seconds=3600,
        rate=40,
        streams=200,
        answer_tokens=48,
    )
    print(write_table(rows))
    timed = ("p95, ms", "first event, ms: p50 / p95 / last")
    assert not [one for one in rows if one.met is False and one.what not in timed]


def test_nothing_but_this_machine_is_put_under_load() -> None:
    with pytest.raises(SystemExit, match=r"127\.0\.0\.1"):
        follow("http://192.0.2.1:8501", order=None)  # type: ignore[arg-type]


def search(ms: float, status: int = 200) -> dict:
    return {"kind": "search", "who": 0, "at_s": 0.0, "status": status, "ms": ms}


def test_percentiles_are_of_answers_and_failures_are_counted_apart() -> None:
    records = [*(search(ms) for ms in range(1, 101)), search(1.0, 503), search(1.0, 0)]
    rows = measure_searches(records, phase="search", seconds=10, aim_ms=90)
    assert figure(rows, "search", "p50, ms").value == "50"
    assert figure(rows, "search", "p95, ms") == Row("search", "p95, ms", "95", "90", False)
    failed = figure(rows, "search", "5xx or no answer")
    assert (failed.value, failed.met) == ("2 of 102", False)


def stream(who: int, begun_s: float = 1.0, **more: object) -> dict:
    told = {"kind": "ask", "who": who, "status": 200, "ms": 1000 * begun_s, "retry_after_s": None}
    events = {"first": "waiting", "first_ms": 300.0, "last": "answer", "writer": "model"}
    return told | events | {"begun_ms": 1000 * begun_s} | more


def test_what_ends_without_a_word_is_dropped_and_a_429_has_to_say_when() -> None:
    cut = stream(1, last="passages")
    refused = {"kind": "ask", "who": 2, "status": 429, "ms": 9.0, "retry_after_s": None}
    rows = measure_streams([stream(0), cut, refused], phase="streams", places=2)
    assert figure(rows, "streams", "dropped without a word").value == "1"
    assert figure(rows, "streams", "429 without Retry-After").met is False


def test_fairness_compares_people_and_not_questions() -> None:
    patient = [stream(0, 10.0)]
    others = [stream(who, 2.0) for who in (1, 2, 3) for _ in range(9)]
    rows = measure_streams([*patient, *others], phase="streams", places=40)
    longest = figure(rows, "streams", "the longest mean wait of anybody, s")
    assert (longest.value, longest.met) == ("10.0 (2.50 times)", False)


def test_growth_leaves_the_warm_up_out() -> None:
    def sample(number: int) -> Sample:
        mib = 100 + 20 * min(number, 10)  # grows for the first tenth only
        return Sample(number, mib * 2**20, mib * 2**20, 50, 20 + (number > 90), 0.0)

    rows = measure_growth([sample(number) for number in range(100)], phase="soak")
    assert figure(rows, "soak", "memory of the service, MiB").met
    assert figure(rows, "soak", "open files").met
    assert figure(rows, "soak", "threads").met is False


def test_everybody_asks_one_to_nine_questions_and_is_one_person() -> None:
    tokens = askers(["a", "b", "c"], 12)
    assert sorted(tokens) == [*"aa", *"bbbb", *"cccccc"]
    people = name_people([{"who": number} for number in range(12)], tokens)
    assert len({one["who"] for one in people}) == 3
