"""How fast a generator writes: alone, with others, and over a context it has just read."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Protocol

from langchain_core.messages import BaseMessage, HumanMessage

from assistant.errors import SettingsError
from assistant.models.generators import open_generator
from assistant.models.generators.base import Generator
from assistant.models.settings import NO_GENERATOR
from assistant.settings import Settings

PROMPT_TOKENS = 1000
ANSWER_TOKENS = 128
SHARED_PROMPT_TOKENS = 200
CONCURRENT = (1, 4, 8)
PLAIN_TEXT = """
The harbour of the town was built in 1874 and holds ninety boats. Each spring the council
repairs the walls, because the tide carries sand under the stones. In a dry year the work takes
three weeks; in a wet one it takes seven. The keeper writes down the level of the water every
morning at six, and compares it with the mark on the lighthouse. Le marché ouvre le mardi et le
samedi, de huit heures à treize heures. Les producteurs y vendent des fruits, du pain et du
poisson. La mairie a fixé le prix d'un emplacement à douze euros par jour. Boats longer than
fourteen metres pay twice the fee and must leave before noon. When two captains ask for the
same place, the one who wrote first receives it. La bibliothèque prête cinq livres pour quatre
semaines, et les retards coûtent vingt centimes par jour.
"""
Prompt = Sequence[BaseMessage]


class Engine(Protocol):
    """Something that writes greedily; several threads may ask it at once."""

    name: str

    def write(self, prompt: Prompt, most: int) -> Iterator[object]:
        """One item for each token, as it comes."""

    def memory_bytes(self) -> int:
        """Resident in the process that holds the model."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Single:
    """One answer alone."""

    prompt_tokens: int
    first_token_s: float
    decode_tokens_per_s: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """Several answers asked for at the same moment."""

    concurrent: int
    tokens_per_s: float
    mean_first_token_s: float


def measure_single(engine: Engine, prompt: Prompt, prompt_tokens: int) -> Single:
    times = [time.perf_counter()]
    for _ in engine.write(prompt, ANSWER_TOKENS):
        times.append(time.perf_counter())
    decode = (len(times) - 2) / (times[-1] - times[1]) if len(times) > 2 else 0.0
    return Single(prompt_tokens, times[1] - times[0], decode)


def measure_crowd(engine: Engine, prompts: Sequence[Prompt]) -> Crowd:
    """Tokens of all answers over the time until the last one has ended."""
    firsts, counts = [0.0] * len(prompts), [0] * len(prompts)
    gate = threading.Barrier(len(prompts) + 1)

    def ask(number: int) -> None:
        gate.wait()
        for _ in engine.write(prompts[number], ANSWER_TOKENS):
            firsts[number] = firsts[number] or time.perf_counter()
            counts[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(prompts))]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    return Crowd(len(prompts), sum(counts) / took, fmean(at - started for at in firsts))


def measure_follow_up(engine: Engine, texts: PromptMaker) -> tuple[float, float]:
    """Seconds to the first token: over a new context, and over the same one after two others."""

    def first_token_s(prompt: Prompt) -> float:
        started = time.perf_counter()
        tokens = engine.write(prompt, 4)
        next(iter(tokens))
        took = time.perf_counter() - started
        for _ in tokens:
            pass
        return took

    context = texts.passage(PROMPT_TOKENS)
    first = first_token_s(texts.question(context, "What is the text about?"))
    for _ in range(2):
        first_token_s(texts.question(texts.passage(SHARED_PROMPT_TOKENS), "Who is named?"))
    return first, first_token_s(texts.question(context, "Which figures does it give?"))


class PromptMaker:
    """Passages of given words, no two beginning alike."""

    def __init__(self, count_tokens: Callable[[str], int], text: str = PLAIN_TEXT) -> None:
        self._count_tokens = count_tokens
        self._words = text.split()
        self._made = 0

    def passage(self, tokens: int) -> str:
        """Of about so many tokens."""
        self._made += 1
        words = self._words
        start = 97 * self._made % len(words)
        text, size = f"Text {self._made}.", tokens // 2
        turned = [*words[start:], *words] * (1 + 2 * tokens // len(words))
        while self._count_tokens(text) < tokens:
            text = f"Text {self._made}. " + " ".join(turned[:size])
            size += max(1, tokens // 50)
        return text

    def question(self, passage: str, question: str) -> Prompt:
        return [HumanMessage(f"{passage}\n\n{question}")]

    def prompt(self, tokens: int) -> Prompt:
        return self.question(self.passage(tokens), "Summarise this text in four sentences.")


def resident_bytes(pid: int) -> int:
    """Memory of a process as the kernel counts it; 0 where it does not tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def measure(
    engines: Sequence[Engine], texts: PromptMaker, rounds: int
) -> dict[str, dict[str, float]]:
    """Medians over the rounds, by engine."""
    found: dict[str, dict[str, list[float]]] = {engine.name: {} for engine in engines}

    def note(engine: Engine, **values: float) -> None:
        for name, value in values.items():
            found[engine.name].setdefault(name, []).append(value)

    for engine in engines:
        list(engine.write(texts.prompt(64), 4))  # loads the model
    for number in range(rounds):
        turn = [*engines[number % len(engines) :], *engines[: number % len(engines)]]
        prompt = texts.prompt(PROMPT_TOKENS)
        crowds = [[texts.prompt(SHARED_PROMPT_TOKENS) for _ in range(n)] for n in CONCURRENT]
        for engine in turn:
            single = measure_single(engine, prompt, PROMPT_TOKENS)
            note(
                engine,
                prefill_tokens_per_s=PROMPT_TOKENS / single.first_token_s,
                decode_tokens_per_s=single.decode_tokens_per_s,
            )
        for prompts in crowds:
            for engine in turn:
                crowd = measure_crowd(engine, prompts)
                note(
                    engine,
                    **{
                        f"tokens_per_s_at_{crowd.concurrent}": crowd.tokens_per_s,
                        f"first_token_s_at_{crowd.concurrent}": crowd.mean_first_token_s,
                    },
                )
        for engine in turn:
            first, again = measure_follow_up(engine, texts)
            note(engine, first_token_s=first, follow_up_s=again)
    for engine in engines:
        note(engine, memory_bytes=engine.memory_bytes())
    return {
        name: {value: round(median(numbers), 3) for value, numbers in values.items()}
        for name, values in found.items()
    }


class _Configured:
    """The generator of the settings as an engine."""

    name = "configured"

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    def write(self, prompt: Prompt, most: int) -> Iterator[object]:
        return self._generator.stream_tokens(prompt, max_new_tokens=most)

    def memory_bytes(self) -> int:
        pid = getattr(self._generator, "process_id", None)
        return resident_bytes(pid or os.getpid())

    def close(self) -> None:
        self._generator.close()


def measure_generator(settings: Settings, *, rounds: int) -> dict[str, str | float]:
    """Figures of the generator that the settings name, medians over the rounds.

    Raises:
        SettingsError: no generator is set.
        ModelError: it is missing, damaged, refused while offline, or failed.
    """
    models = settings.models
    if models.generator == NO_GENERATOR:
        raise SettingsError(
            "no generator is set: models.generator is 'none'; set it to a model's id "
            "(philo models list)"
        )
    generator = open_generator(models, settings.serving, offline=settings.offline)
    engine = _Configured(generator)
    try:
        texts = PromptMaker(lambda text: generator.count_tokens([HumanMessage(text)]))
        figures = measure([engine], texts, rounds)[engine.name]
    finally:
        engine.close()
    return {"model": generator.model_id, "threads": models.threads, **figures}
