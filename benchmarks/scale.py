"""What a library and a company of any size need: a simulation on paper with measured constants.

    python benchmarks/scale.py [--write docs/scale.md] [--set NAME=VALUE ...]

10^5 to 10^9 chunks, 10 to 10^5 users: which part saturates first, what to add, the latency of a
search and the price of a month. `--set` changes an assumption (`gpu_price=900`) or a constant
(`answer_s=1.2`). With `--write`, the tables take the place of those in the document, and the plot
lies beside it as scale.svg.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.scale_model import Assumptions, Constants, Plan, plan

CHUNKS = tuple(10**power for power in range(5, 10))
USERS = tuple(10**power for power in range(1, 6))
BEGIN, END = "<!-- made by benchmarks/scale.py -->", "<!-- end -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    try:
        known, assumed = change(options.set)
    except ValueError as exc:
        parser.error(str(exc))
    text = write_tables(known, assumed)
    if options.write is None:
        print(text)
        return
    page = options.write.read_text(encoding="utf-8")
    options.write.write_text(put_in(page, text), encoding="utf-8")
    draw(options.write.with_suffix(".svg"), known, assumed)


def change(stated: Sequence[str]) -> tuple[Constants, Assumptions]:
    """
    Raises:
        ValueError: no such name, or no number.
    """
    known, assumed = Constants(), Assumptions()
    for one in stated:
        name, _, value = one.partition("=")
        if name in {each.name for each in fields(Constants)}:
            known = replace(known, **{name: float(value)})
        elif name in {each.name for each in fields(Assumptions)}:
            kind = type(getattr(assumed, name))
            assumed = replace(assumed, **{name: kind(float(value))})
        else:
            names = [each.name for each in (*fields(Constants), *fields(Assumptions))]
            raise ValueError(f"there is no {name!r}; there are {', '.join(names)}")
    return known, assumed


def write_tables(known: Constants, assumed: Assumptions) -> str:
    """In Markdown: the plans, the constants, the assumptions."""
    lines = [
        "| chunks | users | searches/s, answers/s | saturates first (of one machine) | needs "
        "| search p95 | price a month |",
        "|---|---|---|---|---|---|---|",
    ]
    for chunks in CHUNKS:
        for users in USERS:
            lines.append(_row(plan(chunks, users, known, assumed)))
    lines += ["", "| constant | value | | measured by |", "|---|---|---|---|"]
    lines += [
        f"| `{name}` | {_number(value)} | {unit} | `{how}` |"
        for name, value, unit, how in known.table()
    ]
    lines += ["", "| assumption | value |", "|---|---|"]
    lines += [f"| `{one.name}` | {getattr(assumed, one.name):g} |" for one in fields(assumed)]
    return "\n".join(lines)


def put_in(page: str, text: str) -> str:
    """The page with `text` between its marks.

    Raises:
        ValueError: they are not there.
    """
    before, begun, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"the document needs a line {BEGIN} and after it {END}")
    return f"{before}{begun}\n{text}\n{ended}{after}"


def _row(one: Plan) -> str:
    part = one.saturates_first
    return (
        f"| {_power(one.chunks)} | {one.users:,} "
        f"| {_number(one.demand.searches_per_s)}, {_number(one.demand.questions_per_s)} "
        f"| {part}: {_number(one.loads[part])} times | {_needs(one)} | {_time(one.p95_s)} "
        f"| {one.price:,.0f} |"
    )


def _needs(one: Plan) -> str:
    things = [
        f"{count} {name}{'s' if count > 1 else ''}"
        for count, name in (
            (one.machines, "machine"),
            (one.large_machines, "large machine"),
            (one.gpus, "GPU"),
        )
        if count
    ]
    if one.processes > 1:
        things.append(f"{one.processes} API processes")
    things.append(f"vectors: {one.store}, full text: {one.text}")
    if one.lacks:
        things.append(f"**not in Philo: {'; '.join(one.lacks)}**")
    return ", ".join(things)


def _power(chunks: int) -> str:
    return f"10^{len(str(chunks)) - 1}"


def _number(value: float) -> str:
    if value and abs(value) < 1e-4:
        return f"{value:.1e}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def draw(path: Path, known: Constants, assumed: Assumptions) -> None:
    """Latency and price over chunks, a line for each number of users; SVG."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "philo"  # the same bytes each time
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for users in USERS:
        plans = [plan(chunks, users, known, assumed) for chunks in CHUNKS]
        left.plot(CHUNKS, [one.p95_s for one in plans], marker="o", label=f"{users:,} users")
        right.plot(CHUNKS, [one.price for one in plans], marker="o", label=f"{users:,} users")
    left.axhline(assumed.latency_s, color="grey", linestyle=":", label="aim")
    for axes, title in ((left, "search, p95, s"), (right, "price of a month")):
        axes.set(xscale="log", yscale="log", xlabel="chunks", title=title)
        axes.legend(fontsize="small")
    figure.savefig(path, format="svg", metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main()
