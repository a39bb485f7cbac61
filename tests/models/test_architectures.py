"""Every architecture that can be imported, against transformers in fp32 on the same weights.

The checkpoints are tiny and random; what is compared and how exactly is in docs/model-parity.md.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from langchain_core.messages import HumanMessage
from numpy.typing import NDArray

from assistant.models.catalog import find_model
from assistant.models.generators.genai import GenaiGenerator
from assistant.models.generators.prompt_format import PromptFormat
from assistant.offline import SWITCHES
from tests.models.tiny_checkpoints import ARCHITECTURES, SWITCH, Case

BOUNDS = {"fp32": 1e-5, "fp16": 0.01, "int8": 0.05, "int4": 0.55}
"""Root mean square of the logits' error over their standard deviation. fp16 is what is written
for CUDA, run on the processor: the graph is compared, not the kernels."""

NO_FP16 = ("gemma2", "gemma3", "qwen3")
"""Gemma overflows in it; Qwen 3's graph for CUDA has a norm fused in that the processor lacks."""

LENGTHS = [3, 20, 47, 80, 150]
"""Of prompts; the sliding windows have 16 tokens."""

LONG_LENGTHS = [50, SWITCH - 20, SWITCH + 9]
"""Short of LongRoPE's switch, crossing it while the answer is written, beyond it."""

QUESTION = "Where does the river Loire end, and where does it rise?"
NOISE = "".join(map(chr, np.random.default_rng(1).integers(ord("A"), ord("z"), SWITCH + 100)))
LONG_MESSAGES = [NOISE[:n] for n in (SWITCH - 40, SWITCH + 100, SWITCH - 50)]

SERVED = ("phi3-window", "phi", "gemma2", "llama-tied")
SHARP_SEED, CALM_SEED, GGUF_SEED = 1, 2, 3

Reference = list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]]
"""Prompt (P,), new tokens (T,) and the logits that they were chosen by (T, vocabulary)."""


def sharp(name: str, seed: int, *, gguf: bool = False) -> Case:
    """To compare tokens."""
    is_long = name == "phi3-long"
    return Case(
        name=name,
        seed=seed,
        spread=0.4,
        lengths=LONG_LENGTHS if is_long else LENGTHS,
        messages=LONG_MESSAGES if is_long else [QUESTION],
        precisions=["fp32"],
        all_logits=False,
        gguf=gguf,
    )


def calm(name: str, seed: int) -> Case:
    """To compare logits."""
    return Case(
        name=name,
        seed=seed,
        spread=0.1,
        lengths=[50, SWITCH + 9] if name == "phi3-long" else [20, 80],
        messages=[QUESTION],
        precisions=[one for one in BOUNDS if one != "fp16" or name not in NO_FP16],
        all_logits=True,
        gguf=False,
    )


def build(folder: Path, cases: Iterable[Case]) -> Path:
    script = Path(__file__).with_name("tiny_checkpoints.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder), json.dumps(list(cases))],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **SWITCHES},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All checkpoints of this file and what they were imported as, one folder a case."""
    cases = [sharp(name, SHARP_SEED) for name in ARCHITECTURES]
    cases += [calm(name, CALM_SEED) for name in ARCHITECTURES]
    cases += [sharp(name, GGUF_SEED, gguf=True) for name in ("llama", "phi3-window")]
    return build(tmp_path_factory.mktemp("tiny"), cases)


def read_reference(home: Path) -> Reference:
    with np.load(home / "reference.npz") as arrays:
        count = len(arrays.files) // 3
        return [
            (arrays[f"prompt{n}"], arrays[f"tokens{n}"], arrays[f"logits{n}"]) for n in range(count)
        ]


def write_tokens(folder: Path, prompt: NDArray[np.int32], count: int) -> list[int]:
    import onnxruntime_genai

    model = onnxruntime_genai.Model(str(folder))
    parameters = onnxruntime_genai.GeneratorParams(model)
    parameters.set_search_options(max_length=len(prompt) + count, do_sample=False)
    generator = onnxruntime_genai.Generator(model, parameters)
    generator.append_tokens(prompt)
    written = []
    for _ in range(count):
        generator.generate_next_token()
        written.append(int(generator.get_next_tokens()[0]))
    return written


def relative_error(folder: Path, reference: Reference) -> float:
    """Of the logits of all new tokens, each given those before it."""
    import onnxruntime_genai

    config = onnxruntime_genai.Config(str(folder))
    config.clear_providers()
    model = onnxruntime_genai.Model(config)
    errors, wanted = [], []
    for prompt, tokens, logits in reference:
        parameters = onnxruntime_genai.GeneratorParams(model)
        parameters.set_search_options(max_length=len(prompt) + len(tokens))
        generator = onnxruntime_genai.Generator(model, parameters)
        generator.append_tokens(np.concatenate([prompt, tokens[:-1]]))
        found = np.asarray(generator.get_output("logits"))[0, len(prompt) - 1 :]  # (T, vocabulary)
        errors.append(found - logits)
        wanted.append(logits - logits.mean(axis=1, keepdims=True))
    square = np.mean(np.concatenate(errors) ** 2) / np.mean(np.concatenate(wanted) ** 2)
    return float(np.sqrt(square))


def assert_same_tokens(home: Path) -> None:
    for prompt, tokens, _ in read_reference(home):
        assert write_tokens(home / "fp32", prompt, len(tokens)) == tokens.tolist(), len(prompt)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_imported_model_writes_the_tokens_that_transformers_writes(tiny: Path, name: str) -> None:
    assert_same_tokens(tiny / f"{name}-{SHARP_SEED}")


@pytest.mark.parametrize("name", ["llama", "phi3-window"])
def test_model_imported_from_gguf_writes_the_same_tokens(tiny: Path, name: str) -> None:
    assert_same_tokens(tiny / f"{name}-{GGUF_SEED}")


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_logits_are_within_the_bound_of_each_precision(tiny: Path, name: str) -> None:
    home = tiny / f"{name}-{CALM_SEED}"
    reference = read_reference(home)
    for precision in calm(name, CALM_SEED)["precisions"]:
        assert relative_error(home / precision, reference) < BOUNDS[precision], precision


def open_tiny(folder: Path, context_tokens: int) -> GenaiGenerator:
    built_in = find_model("smollm2-135m-instruct")
    entry = dataclasses.replace(built_in, id="tiny", limit_tokens=context_tokens)
    return GenaiGenerator(folder, entry, threads=1, max_new_tokens=64)


def assert_same_answers(home: Path, messages: list[str], context_tokens: int) -> None:
    """Ask a generator as users do; the chats are the last prompts of the reference."""
    built_in = find_model("smollm2-135m-instruct")
    entry = dataclasses.replace(built_in, id="tiny", limit_tokens=context_tokens)
    prompt_format = PromptFormat(home / "fp32")
    generator = GenaiGenerator(home / "fp32", entry, threads=1, max_new_tokens=64)
    reference = read_reference(home)[-len(messages) :]
    try:
        for message, (prompt, tokens, _) in zip(messages, reference, strict=True):
            chat = [HumanMessage(message)]
            assert generator.count_tokens(chat) == len(prompt)
            answer = "".join(generator.stream_text(chat, max_new_tokens=len(tokens)))
            assert answer == "".join(prompt_format.decode(tokens.tolist())), len(prompt)
    finally:
        generator.close()


@pytest.mark.parametrize("name", SERVED)
def test_served_model_answers_a_chat_as_transformers_does(tiny: Path, name: str) -> None:
    assert_same_answers(tiny / f"{name}-{SHARP_SEED}", [QUESTION], 512)


def test_served_model_crosses_the_switch_of_longrope(tiny: Path) -> None:
    """Each message begins like the one before, whose cache may lie on the switch's other side."""
    assert_same_answers(tiny / f"phi3-long-{SHARP_SEED}", LONG_MESSAGES, 2 * SWITCH)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 16))
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_any_weights_of_an_architecture_hold_the_bounds(
    tmp_path: Path, name: str, seed: int
) -> None:
    build(tmp_path, [sharp(name, seed), calm(name, seed + 100)])
    assert_same_tokens(tmp_path / f"{name}-{seed}")
    home = tmp_path / f"{name}-{seed + 100}"
    reference = read_reference(home)
    for precision in calm(name, seed)["precisions"]:
        assert relative_error(home / precision, reference) < BOUNDS[precision], precision
