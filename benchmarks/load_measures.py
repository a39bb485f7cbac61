"""What records of a load and samples of its service say, beside what is aimed at."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.load_order import Followed, Record
from benchmarks.load_service import Sample

SEARCH_P95_MS = 300.0
SEARCH_BESIDE_INGEST_P95_MS = 600.0
FIRST_EVENT_MS = 1_000.0
UNFAIR = 2.0
GROWTH = 0.03
WARM_UP = 0.2
"""Share of a soak that is not looked at."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the table. `met` None: nothing is aimed at."""

    phase: str
    what: str
    value: str
    aim: str = ""
    met: bool | None = None


def measure_searches(
    records: Sequence[Record], *, phase: str, seconds: float, aim_ms: float
) -> list[Row]:
    """Times of the searches that were answered; the others are counted."""
    found = [one for one in records if one["kind"] == "search"]
    statuses = Counter(int(one["status"]) for one in found)
    times = [one["ms"] for one in found if one["status"] == 200]
    if not times:
        return [Row(phase, "searches", f"none was answered: {dict(statuses)}", "", False)]
    p50, p95, p99 = np.percentile(times, [50, 95, 99])
    failed = sum(count for status, count in statuses.items() if status >= 500 or status == 0)
    other = {one: count for one, count in statuses.items() if one not in (0, 200) and one < 500}
    rows = [
        Row(phase, "searches/s", f"{len(found) / seconds:.1f}"),
        Row(phase, "p50, ms", f"{p50:.0f}"),
        Row(phase, "p95, ms", f"{p95:.0f}", f"{aim_ms:.0f}", bool(p95 <= aim_ms)),
        Row(phase, "p99, ms", f"{p99:.0f}"),
        Row(phase, "5xx or no answer", f"{failed} of {len(found)}", "0", failed == 0),
    ]
    if other:
        rows.append(Row(phase, "other statuses", str(other), "none", False))
    return rows


def measure_streams(records: Sequence[Record], *, phase: str, places: int) -> list[Row]:
    """Of questions asked at once.

    Args:
        places: so many may be answered or wait at a time; who has nothing waiting is let in
            until there are twice as many.
    """
    asked = [one for one in records if one["kind"] == "ask"]
    taken = [one for one in asked if one["status"] == 200]
    refused = [one for one in asked if one["status"] == 429]
    answered = [one for one in taken if one.get("last") == "answer"]
    told = [one for one in taken if one.get("last") == "error"]
    told_wrong = [one for one in refused if not one.get("retry_after_s")]
    dropped = len(asked) - len(answered) - len(told) - len(refused)
    errors = Counter(one["error"] for one in told)
    writers = Counter(one["writer"] for one in answered)
    rows = [
        Row(phase, "asked / let in / 429", f"{len(asked)} / {len(taken)} / {len(refused)}"),
        Row(
            phase,
            f"let in beyond {places} places",
            str(max(0, len(taken) - places)),
            f"at most {places}",
            len(taken) <= 2 * places,
        ),
        Row(phase, "429 without Retry-After", str(len(told_wrong)), "0", not told_wrong),
        Row(phase, "dropped without a word", str(dropped), "0", dropped == 0),
        Row(phase, "ended with an error", f"{len(told)} {dict(errors) or ''}".strip()),
        Row(phase, "answers by", ", ".join(f"{n} {one}" for one, n in writers.most_common())),
    ]
    firsts = [one["first_ms"] for one in taken if "first_ms" in one]
    if firsts:
        p50, p95, most = np.percentile(firsts, [50, 95, 100])
        rows.append(
            Row(
                phase,
                "first event, ms: p50 / p95 / last",
                f"{p50:.0f} / {p95:.0f} / {most:.0f}",
                f"last {FIRST_EVENT_MS:.0f}",
                bool(most <= FIRST_EVENT_MS),
            )
        )
        kinds = Counter(one["first"] for one in taken if "first" in one)
        rows.append(Row(phase, "first event is", ", ".join(f"{n} {k}" for k, n in kinds.items())))
    if refused:
        most = max(one["ms"] for one in refused)
        rows.append(Row(phase, "429 after, ms, at most", f"{most:.0f}"))
    return rows + _fairness(answered, phase)


def _fairness(answered: Sequence[Record], phase: str) -> list[Row]:
    waits: dict[int, list[float]] = defaultdict(list)
    for one in answered:
        waits[one["who"]].append(one["begun_ms"] / 1000)
    if not waits:
        return []
    means = [statistics.mean(one) for one in waits.values()]
    mean, most = statistics.mean(means), max(means)
    return [
        Row(phase, "wait for the first sentence, s: mean of all people", f"{mean:.1f}"),
        Row(
            phase,
            "the longest mean wait of anybody, s",
            f"{most:.1f} ({most / mean:.2f} times)",
            f"{UNFAIR:.0f} times",
            most <= UNFAIR * mean,
        ),
    ]


def measure_growth(samples: Sequence[Sample], *, phase: str) -> list[Row]:
    """After the warm-up: medians of the first and of the last fifth of what is left."""
    warm = samples[int(len(samples) * WARM_UP) :]
    part = max(1, len(warm) // 5)
    early, late = warm[:part], warm[-part:]
    rows = []
    for what, before, after, aim in (
        (
            "memory of the service, MiB",
            statistics.median(one.resident_bytes / 2**20 for one in early),
            statistics.median(one.resident_bytes / 2**20 for one in late),
            GROWTH,
        ),
        (
            "memory with its processes, MiB",
            statistics.median(one.family_bytes / 2**20 for one in early),
            statistics.median(one.family_bytes / 2**20 for one in late),
            GROWTH,
        ),
        (
            "open files",
            statistics.median(one.files for one in early),
            statistics.median(one.files for one in late),
            0.0,
        ),
        (
            "threads",
            statistics.median(one.threads for one in early),
            statistics.median(one.threads for one in late),
            0.0,
        ),
    ):
        share = after / before - 1
        rows.append(
            Row(
                phase,
                what,
                f"{before:.0f} -> {after:.0f} ({share:+.1%})",
                f"+{aim:.0%}",
                share <= aim,
            )
        )
    return rows


Steps = Mapping[tuple[str, str], tuple[float, float]]
"""(way, step) -> how often it was taken, and seconds in all."""


def measure_steps(before: Steps, after: Steps, *, phase: str, way: str) -> Row:
    """Where the time of a search or a question went."""
    means = {}
    for (one, name), (count, seconds) in after.items():
        old_count, old_seconds = before.get((one, name), (0.0, 0.0))
        if one == way and count > old_count:
            means[name] = 1000 * (seconds - old_seconds) / (count - old_count)
    told = ", ".join(f"{name} {ms:.1f}" for name, ms in means.items())
    return Row(phase, f"steps of a {way}, ms on average", told)


def measure_cpu(samples: Sequence[Sample], followed: Followed, *, phase: str) -> Row:
    """Cores in use on average: the service with its processes, and what made the load."""
    first, last = samples[0], samples[-1]
    taken = (last.cpu_s - first.cpu_s) / max(1e-9, last.at_s - first.at_s)
    return Row(phase, "cores used: service / load generator", f"{taken:.2f} / {followed.cores:.2f}")


def write_table(rows: Sequence[Row]) -> str:
    """In Markdown."""
    lines = ["| phase | figure | measured | aim | |", "|---|---|---|---|---|"]
    signs = {True: "met", False: "missed", None: ""}
    lines += [
        f"| {one.phase} | {one.what} | {one.value} | {one.aim} | {signs[one.met]} |" for one in rows
    ]
    return "\n".join(lines)
