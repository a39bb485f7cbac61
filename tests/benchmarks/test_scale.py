"""benchmarks/scale.py: the simulation is sane, and the document shows what it says."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.scale import BEGIN, CHUNKS, END, USERS, change, draw, put_in, write_tables
from benchmarks.scale_model import (
    Assumptions,
    Constants,
    demand_of,
    loads_of,
    plan,
    wait_p95_s,
)

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scale.md"


def test_more_chunks_or_more_users_never_cost_less_nor_load_less() -> None:
    for fixed in USERS:
        for fewer, more in pairwise(plan(chunks, fixed) for chunks in CHUNKS):
            assert fewer.price <= more.price
            assert all(fewer.loads[part] <= more.loads[part] for part in fewer.loads)
    for fixed in CHUNKS:
        for fewer, more in pairwise(plan(fixed, users) for users in USERS):
            assert fewer.price <= more.price
            assert all(fewer.loads[part] <= more.loads[part] for part in fewer.loads)


def test_every_plan_has_room_for_its_load_and_an_end() -> None:
    for chunks in CHUNKS:
        for users in USERS:
            one = plan(chunks, users)
            assert math.isfinite(one.p95_s)
            assert one.p95_s > 0
            assert one.machines + one.large_machines >= 1
            assert one.saturates_first in one.loads


def test_the_demand_is_of_the_peak_second() -> None:
    assumed = Assumptions(searches_a_day=8, questions_a_day=0, peak=1.0)
    assert demand_of(3_600, assumed).searches_per_s == pytest.approx(1.0)  # in 8 hours
    asked = demand_of(3_600, replace(assumed, questions_a_day=8))
    assert (asked.searches_per_s, asked.questions_per_s) == pytest.approx((2.0, 1.0))


def test_memory_is_counted_in_bytes_of_half_a_machine() -> None:
    known = replace(Constants(), copy_bytes=1024.0, store_bytes=0.0)
    assumed = Assumptions(machine_gib=2.0)
    loads = loads_of(2**20, demand_of(1, assumed), known, assumed)
    assert loads["memory for vectors"] == pytest.approx(1.0)  # 1 GiB of 1 GiB


def test_waiting_follows_erlang() -> None:
    # M/M/1: P(wait > t) = rho exp(-(mu - lambda) t)
    assert wait_p95_s(1.0, 1, 0.5) == pytest.approx(math.log(10) / 0.5)
    # M/M/2 with one erlang: a third has to wait
    assert wait_p95_s(1.0, 2, 1.0) == pytest.approx(math.log(1 / 3 / 0.05))
    assert wait_p95_s(1.0, 2, 2.0) == math.inf
    assert wait_p95_s(0.001, 8, 1.0) == 0.0


def test_prices_are_only_multiplied() -> None:
    assumed = Assumptions()
    doubled = replace(
        assumed,
        machine_price=2 * assumed.machine_price,
        large_price=2 * assumed.large_price,
        gpu_price=2 * assumed.gpu_price,
        disk_price_gib=2 * assumed.disk_price_gib,
    )
    once, twice = (plan(10**7, 10_000, None, one) for one in (assumed, doubled))
    assert twice.price == pytest.approx(2 * once.price)
    assert (twice.machines, twice.gpus, twice.p95_s) == (once.machines, once.gpus, once.p95_s)


def test_a_reader_may_change_constants_and_prices() -> None:
    known, assumed = change(["answer_s=1.5", "gpu_price=900", "machine_cores=32"])
    assert (known.answer_s, assumed.gpu_price, assumed.machine_cores) == (1.5, 900.0, 32)
    with pytest.raises(ValueError, match="gpu_price"):
        change(["gpu=900"])


def test_every_constant_says_its_unit_and_what_measured_it() -> None:
    for name, value, unit, how in Constants().table():
        assert value > 0, name
        assert unit
        program = how.split()[0]
        assert program == "philo" or (ROOT / program).exists(), how


def test_the_document_shows_what_the_program_says(tmp_path: Path) -> None:
    text = write_tables(Constants(), Assumptions())
    page = PAGE.read_text(encoding="utf-8")
    assert put_in(page, text) == page, "run: python benchmarks/scale.py --write docs/scale.md"
    draw(tmp_path / "scale.svg", Constants(), Assumptions())
    assert (tmp_path / "scale.svg").read_text().count('<g id="line2d_') > 10
    with pytest.raises(ValueError, match=BEGIN):
        put_in(page.replace(END, ""), text)
