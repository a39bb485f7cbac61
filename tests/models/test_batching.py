"""Batches write what the library's own generator writes: tiny random checkpoints in fp32."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import HumanMessage

from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.generators.batching import BatchWriter
from assistant.models.generators.graph import UnsuitableGraphError, read_graph
from assistant.models.generators.paged import PagedWriter
from assistant.models.generators.prompt_format import PromptFormat
from assistant.models.generators.sequential import SequentialWriter
from assistant.models.generators.worker import open_writer
from assistant.models.generators.writing import Frame, Job, Writer
from assistant.models.settings import ServingSettings

ANSWER_TOKENS = 40
VOCABULARY = 49152


def build(folder: Path, model: Any, tokenizer: Path) -> Path:
    """Convert a checkpoint with the library's own builder."""
    from transformers import GenerationConfig

    checkpoint, target = folder / "checkpoint", folder / "onnx"
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=2, pad_token_id=2)
    model.save_pretrained(checkpoint)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(tokenizer / name, checkpoint)
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", str(checkpoint)]
    command += ["-o", str(target), "-p", "fp32", "-e", "cpu", "-c", str(folder / "cache")]
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))
    return target


def shape(**more: object) -> dict[str, Any]:
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
    tokens = {"vocab_size": VOCABULARY, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    return {**sizes, **tokens, "num_attention_heads": 4, "initializer_range": 0.3, **more}


@pytest.fixture(scope="module")
def tokenizer(model_directory: Path) -> Path:
    return Depot(model_directory).path(find_model("smollm2-135m-instruct"))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory, tokenizer: Path) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3)
    config = LlamaConfig(**shape(num_key_value_heads=2, max_position_embeddings=2048))
    return build(tmp_path_factory.mktemp("llama"), LlamaForCausalLM(config), tokenizer)


def batch(folder: Path, **more: int) -> BatchWriter:
    options = {"threads": 2, "slots": 4, "cache_bytes": 2**30, "prefix_bytes": 0, "draft_tokens": 0}
    return BatchWriter(folder, read_graph(folder), **{**options, **more})


def sequential(folder: Path) -> SequentialWriter:
    return SequentialWriter(folder, threads=1, device="cpu")


def make_jobs(sizes: Sequence[int]) -> list[Job]:
    random = np.random.default_rng(1)
    prompts = [random.integers(100, 40_000, size).tolist() for size in sizes]
    return [Job(number, prompt, ANSWER_TOKENS) for number, prompt in enumerate(prompts)]


def run(writer: Writer, jobs: Sequence[Job], *, at_once: bool = True) -> list[list[int]]:
    """The tokens of each job."""
    written: dict[int, list[int]] = {job.id: [] for job in jobs}

    def drive() -> None:
        while writer.busy:
            for frame in writer.step():
                assert "error" not in frame
                if "token" in frame:
                    written[frame["id"]].append(frame["token"])

    for job in jobs:
        writer.add(job)
        if not at_once:
            drive()
    drive()
    return [written[job.id] for job in jobs]


def test_side_by_side_is_the_same_as_one_by_one(llama: Path) -> None:
    jobs = make_jobs((5, 40, 130, 257, 1, 300))
    expected = run(sequential(llama), jobs)
    assert all(len(tokens) == ANSWER_TOKENS for tokens in expected)
    assert run(batch(llama), jobs) == expected
    assert run(batch(llama, slots=2), jobs) == expected
    assert run(batch(llama), jobs, at_once=False) == expected
    assert run(PagedWriter(llama, slots=4, device="cpu"), jobs) == expected


def test_what_was_read_before_does_not_change_an_answer(llama: Path) -> None:
    (shared,) = make_jobs((200,))
    ends = make_jobs((3, 1, 40, 7))
    jobs = [Job(end.id, [*shared.prompt, *end.prompt], ANSWER_TOKENS) for end in ends]
    expected = run(batch(llama), jobs)
    remembering = batch(llama, prefix_bytes=2**28)
    assert run(remembering, jobs) == expected
    assert run(remembering, jobs[::-1], at_once=False) == expected[::-1]


def test_little_memory_means_waiting_not_other_answers(llama: Path) -> None:
    jobs = make_jobs((900, 1100, 30, 1500, 1200))
    expected = run(batch(llama), jobs)
    assert run(batch(llama, cache_bytes=2**20, prefix_bytes=2**18), jobs) == expected


def test_guesses_save_steps_where_the_answer_quotes(tokenizer: Path) -> None:
    """With the built-in model, whose folder the tokenizer's is."""
    quoted = "The pump defrosts its outer coil when ice forms on it, and reports it each minute."
    prompt_format = PromptFormat(tokenizer)
    prompt = prompt_format.encode([HumanMessage(f"Repeat this text word for word: {quoted}")])
    writer = batch(tokenizer, draft_tokens=8)
    writer.add(Job(0, prompt, ANSWER_TOKENS))
    steps: list[list[Frame]] = []
    while writer.busy:
        steps.append(writer.step())
    tokens = [frame["token"] for frames in steps for frame in frames if "token" in frame]
    assert quoted in "".join(prompt_format.decode(tokens))
    assert len(steps) < len(tokens) / 1.5


def test_a_cancelled_job_leaves_its_row_to_the_next(llama: Path) -> None:
    jobs = make_jobs((30, 40, 50, 60, 70))
    expected = run(batch(llama), jobs)
    writer = batch(llama, slots=2)
    for job in jobs:
        writer.add(job)
    for _ in range(4):
        writer.step()
    writer.cancel(0)
    writer.cancel(4)
    ended: set[int] = set()
    written: dict[int, list[int]] = {}
    while writer.busy:
        for frame in writer.step():
            if "token" in frame:
                written.setdefault(frame["id"], []).append(frame["token"])
            else:
                ended.add(frame["id"])
    assert ended == {0, 1, 2, 3, 4}
    assert 4 not in written
    assert written[2] == expected[2]
    assert written[3] == expected[3]


def test_a_failed_step_ends_its_jobs_and_no_others(llama: Path) -> None:
    jobs = make_jobs((30, 40))
    writer = batch(llama)
    writer.add(Job(9, [VOCABULARY + 5] * 3, ANSWER_TOKENS))  # no such token
    with pytest.raises(Exception, match="indices element out of data bounds"):
        writer.step()
    told = writer.abandon(RuntimeError("it broke"))
    assert [frame["id"] for frame in told] == [9]
    assert run(writer, jobs) == run(batch(llama), jobs)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sliding_window": {"window_size": 128}}, "sliding window"),
        ({"num_hidden_layers": 3}, "no input past_key_values.2.key"),
        ({"num_hidden_layers": 1}, "wants the input past_key_values.1.key"),
    ],
)
def test_a_graph_that_is_not_for_batches_is_known_by_its_looks(
    llama: Path, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    stated = json.loads((llama / "genai_config.json").read_text())
    stated["model"]["decoder"] |= change
    (tmp_path / "genai_config.json").write_text(json.dumps(stated))
    (tmp_path / "model.onnx").symlink_to(llama / "model.onnx")
    with pytest.raises(UnsuitableGraphError, match=reason):
        read_graph(tmp_path)


def test_other_graphs_are_run_one_answer_after_the_other(llama: Path, tmp_path: Path) -> None:
    import onnx

    folder = shutil.copytree(llama, tmp_path / "odd")
    model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    model.graph.input.append(onnx.helper.make_tensor_value_info("odd", 1, [1]))
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    options = {**ServingSettings(device="cpu").model_dump(), "threads": 1}
    writer, how = open_writer(folder, options)
    assert isinstance(writer, SequentialWriter)
    assert how == "cpu, one after the other: it wants the input odd"
    assert open_writer(llama, options)[1] == "cpu, side by side"


@pytest.mark.long
def test_long_texts_cross_the_switch_of_rotary_factors_as_the_library_does(
    tmp_path: Path, tokenizer: Path
) -> None:
    import torch
    from transformers import Phi3Config, Phi3ForCausalLM

    torch.manual_seed(3)
    rope = {
        "rope_type": "longrope",
        "type": "longrope",
        "short_factor": [1.0] * 8,
        "long_factor": [4.0 + dimension for dimension in range(8)],
        "rope_theta": 10_000.0,
        "original_max_position_embeddings": 4096,
    }
    config = Phi3Config(
        **shape(num_key_value_heads=4, max_position_embeddings=16_384),
        original_max_position_embeddings=4096,
        rope_scaling=rope,
        sliding_window=None,
    )
    folder = build(tmp_path, Phi3ForCausalLM(config), tokenizer)
    jobs = make_jobs((50, 4070, 4096, 4097, 4500, 3000, 4080))
    expected = [write_at_once(folder, job) for job in jobs]
    assert read_graph(folder).switch_tokens == 4096
    assert run(batch(folder), jobs) == expected
    assert run(batch(folder, slots=1, prefix_bytes=2**28, draft_tokens=8), jobs) == expected
    assert run(sequential(folder), jobs) == expected


def write_at_once(folder: Path, job: Job) -> list[int]:
    """The library's generator, given the whole prompt in one piece."""
    import onnxruntime_genai

    model = onnxruntime_genai.Model(str(folder))
    parameters = onnxruntime_genai.GeneratorParams(model)
    parameters.set_search_options(max_length=len(job.prompt) + job.most, do_sample=False)
    generator = onnxruntime_genai.Generator(model, parameters)
    generator.append_tokens(job.prompt)
    written = []
    for _ in range(job.most):
        generator.generate_next_token()
        written.append(int(generator.get_next_tokens()[0]))
    return written
