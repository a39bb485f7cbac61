"""Several answers at once by onnxruntime-genai's engine, whose cache is paged on a GPU."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assistant.models.generators.guidance import JSON_OPTIONS, GuideError, GuideShelf, Matcher
from assistant.models.generators.loops import repeats_itself
from assistant.models.generators.writing import Frame, Job, end_of

EVENTS = 256
GUIDANCE_KINDS = {"json_schema": "json_schema", "regex": "regex", "lark": "lark_grammar"}


def has_paged_cache(folder: Path) -> bool:
    """Whether the model was built for the engine's continuous batching."""
    stated = json.loads((folder / "genai_config.json").read_text(encoding="utf-8"))
    return "dynamic_batching" in stated.get("engine", {})


class PagedWriter:
    """The engine schedules. Its events carry no logits: there are no log-probabilities."""

    def __init__(self, folder: Path, *, slots: int, device: str) -> None:
        import onnxruntime_genai

        self._genai: Any = onnxruntime_genai
        config = onnxruntime_genai.Config(str(folder))
        if device == "cuda":
            config.clear_providers()
            config.append_provider("cuda")
            limit = {"engine": {"dynamic_batching": {"max_batch_size": slots}}}
            config.overlay(json.dumps(limit))
        self._model: Any = onnxruntime_genai.Model(config)
        self._engine: Any = onnxruntime_genai.Engine(self._model)
        self._events: Any = self._engine.create_event_buffer(EVENTS)
        stated = json.loads((folder / "genai_config.json").read_text(encoding="utf-8"))["model"]
        ends = stated["eos_token_id"]
        self._ends = frozenset(ends if isinstance(ends, list) else [ends])
        self._shelf = GuideShelf(folder, int(stated["vocab_size"]), self._ends)
        self.slots = slots
        self._turns: dict[int, _Turn] = {}
        self._told: list[Frame] = []

    @property
    def busy(self) -> bool:
        return bool(self._told or self._turns)

    def add(self, job: Job) -> None:
        if job.continuation:
            self._told.append(job.failure("this device gives no log-probabilities"))
            return
        try:
            # The engine has a matcher of its own, but says of a wrong guide only that it is.
            matcher = self._shelf.open(*job.guide) if job.guide else None
            self._turns[job.id] = _Turn(self._genai, self._engine, job, matcher)
        except GuideError as exc:
            self._told.append(job.failure(exc))
        except Exception as exc:  # noqa: BLE001 - the library raises what it likes; one job's
            self._told.append(job.failure(exc))

    def cancel(self, job_id: int) -> None:
        turn = self._turns.get(job_id)
        if turn is not None:
            self._told.append(turn.job.end())
            self._forget(turn)

    def abandon(self, exc: Exception) -> list[Frame]:
        frames = [*self._told, *(turn.job.failure(exc) for turn in self._turns.values())]
        for turn in list(self._turns.values()):
            self._forget(turn)
        self._told = []
        return frames

    def step(self) -> list[Frame]:
        frames, self._told = self._told, []
        if self._turns:
            for event in self._engine.run(self._events):
                frames += self._follow(event)
        return frames

    def _follow(self, event: Any) -> Iterable[Frame]:
        turn = next((one for one in self._turns.values() if one.request == event.request), None)
        if turn is None:
            return
        flags, kinds = int(event.flags), self._genai.EngineEventFlags
        if flags & int(kinds.TOKEN) and int(event.token) not in self._ends:
            turn.take(int(event.token))
            yield turn.job.token(turn.written[-1], None)
        if flags & int(kinds.FAILED):
            yield turn.job.failure(f"the engine failed with code {event.error_code}")
        elif flags & int(kinds.TURN_FINISHED) or repeats_itself(turn.written):
            yield end_of(turn.job, len(turn.written), turn.matcher)
        else:
            return
        self._forget(turn)

    def _forget(self, turn: _Turn) -> None:
        del self._turns[turn.job.id]
        turn.request.close()


class _Turn:
    """A job as the engine knows it."""

    def __init__(self, genai: Any, engine: Any, job: Job, matcher: Matcher | None) -> None:
        self.job = job
        self.matcher = matcher
        self.written: list[int] = []
        options = genai.RequestOptions()
        options.set_max_session_tokens(len(job.prompt) + job.most)
        self.request: Any = engine.create_request(options=options)
        turn = genai.TurnOptions(self.request)
        turn.set_do_sample(False)
        turn.set_max_generated_tokens(job.most)
        if job.guide:
            kind, text = job.guide
            if kind == "json_schema":
                text = json.dumps({**json.loads(text), "x-guidance": JSON_OPTIONS})
            turn.set_guidance(GUIDANCE_KINDS[kind], text)
        self.id: Any = self.request.begin_turn(list(job.prompt), turn)

    def take(self, token: int) -> None:
        self.written.append(token)
        if self.matcher is not None:
            self.matcher.take(token)
