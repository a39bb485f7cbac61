"""Memory is asked for before a model is loaded."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import ModelFolderError, NotEnoughMemoryError
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.memory import (
    OVERHEAD_BYTES,
    estimate_memory,
    free_memory_bytes,
    require_memory,
)

SMOLLM2 = find_model("smollm2-135m-instruct")
MINI = find_model("phi-3-mini-4k-cpu-int4")


@pytest.fixture(scope="module")
def smollm2(model_directory: Path) -> Path:
    return Depot(model_directory).path(SMOLLM2)


@pytest.fixture
def phi_3_mini(tmp_path: Path) -> Path:
    """A folder of the shape of Phi-3 mini; its weights are a hole of the right size."""
    decoder = {"num_hidden_layers": 32, "num_key_value_heads": 32, "head_size": 96}
    config = {"type": "phi3", "context_length": 4096, "decoder": {**decoder, "filename": "m.onnx"}}
    (tmp_path / "genai_config.json").write_text(json.dumps({"model": config}))
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "m.onnx").write_bytes(b"")
    with (tmp_path / "m.onnx.data").open("wb") as weights:
        weights.truncate(2_720_000_000)
    return tmp_path


def test_weights_and_the_cache_of_the_context_are_counted(phi_3_mini: Path) -> None:
    cache = 4096 * 768 * 1024  # 384 KiB a token in fp16, twice that in fp32
    assert estimate_memory(MINI, phi_3_mini) == 2_720_000_000 + cache + OVERHEAD_BYTES
    assert estimate_memory(MINI, phi_3_mini, 1024) == 2_720_000_000 + cache // 4 + OVERHEAD_BYTES
    twice = estimate_memory(MINI, phi_3_mini, 1024, requests=2)
    assert twice == 2_720_000_000 + cache // 2 + OVERHEAD_BYTES
    on_gpu = dataclasses.replace(MINI, runs_on="cuda")
    assert estimate_memory(on_gpu, phi_3_mini) == 2_720_000_000 + cache // 2 + OVERHEAD_BYTES


def test_no_more_context_is_counted_than_the_model_has(phi_3_mini: Path) -> None:
    assert estimate_memory(MINI, phi_3_mini, 10**9) == estimate_memory(MINI, phi_3_mini)


RUN = """
import json, sys
import onnxruntime_genai as genai
config = genai.Config(sys.argv[1])
config.overlay(json.dumps({"model": {"decoder": {"session_options": {"intra_op_num_threads": 2}}}}))
model = genai.Model(config)
parameters = genai.GeneratorParams(model)
parameters.set_search_options(max_length=600, do_sample=False)
generator = genai.Generator(model, parameters)
for start in range(0, 512, 128):
    generator.append_tokens(list(range(1000 + start, 1128 + start)))
generator.generate_next_token()
status = open("/proc/self/status").read()  # a peak of its own; getrusage has the parent's in it
print(int(status.partition("VmHWM:")[2].split()[0]) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_the_estimate_is_enough_for_the_built_in_generator_and_not_far_off(smollm2: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(smollm2)], capture_output=True, text=True, check=True
    )
    used = int(done.stdout)
    assert used <= estimate_memory(SMOLLM2, smollm2, 600) <= 1.5 * used


def test_too_little_memory_gives_both_figures_and_a_smaller_model(phi_3_mini: Path) -> None:
    with pytest.raises(
        NotEnoughMemoryError,
        match=r"needs about 6\.0 GB of memory for 4096 tokens of context, and 3\.0 GB are free; "
        r"take models\.generator = 'phi-2-cpu-int4' \(2\.1 GB\)",
    ):
        require_memory(MINI, phi_3_mini, available_bytes=3_000_000_000)
    require_memory(MINI, phi_3_mini, available_bytes=7_000_000_000)
    require_memory(MINI, phi_3_mini, 256, available_bytes=3_100_000_000)


def test_what_no_model_fits_into_asks_for_a_shorter_context(phi_3_mini: Path) -> None:
    with pytest.raises(NotEnoughMemoryError, match=r"0\.1 GB are free; ask for a shorter context"):
        require_memory(MINI, phi_3_mini, available_bytes=100_000_000)


def test_a_context_that_no_machine_holds_is_refused_here(phi_3_mini: Path) -> None:
    config = json.loads((phi_3_mini / "genai_config.json").read_text())
    config["model"]["context_length"] = 10**9
    (phi_3_mini / "genai_config.json").write_text(json.dumps(config))
    with pytest.raises(NotEnoughMemoryError, match="GB are free"):
        require_memory(MINI, phi_3_mini)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_free_memory_is_at_most_what_the_machine_has() -> None:
    total = next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemTotal")
    )
    free = free_memory_bytes()
    assert free is not None
    assert 0 < free <= total


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are of Linux")
def test_a_containers_limit_counts_and_its_file_cache_does_not(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    first, second = ("memory.max", "memory.current"), ("limit_in_bytes", "usage_in_bytes")
    for limit, used in (first, (f"memory/memory.{second[0]}", f"memory/memory.{second[1]}")):
        (tmp_path / limit).write_text("50000000\n")
        (tmp_path / used).write_text("45000000\n")
        stat = "anon 15000000\ninactive_file 20000000\nactive_file 10000000\n"
        (tmp_path / limit).with_name("memory.stat").write_text(stat)
    assert free_memory_bytes(tmp_path) == 35_000_000
    for limit in ("memory.max", "memory/memory.limit_in_bytes"):
        (tmp_path / limit).write_text("max\n")
    unlimited = free_memory_bytes(tmp_path)
    assert unlimited is not None
    assert unlimited > 50_000_000


@pytest.mark.parametrize(
    "text", ["", "[]", '{"model": 1}', '{"model": {"decoder": {}}}', "\xff", "[" * 100_000]
)
def test_a_damaged_configuration_is_named(phi_3_mini: Path, text: str) -> None:
    (phi_3_mini / "genai_config.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelFolderError, match=r"genai_config\.json cannot be read"):
        estimate_memory(MINI, phi_3_mini)
