"""The process that runs a generator: `python -m assistant.models.generators.worker FOLDER THREADS`.

It has a process of its own because onnxruntime-genai holds the interpreter's lock while it
reads a prompt: in the serving process all pages and requests would stand still for seconds.

From standard input: {"write": id, "prompt": [token...], "most": n} and {"cancel": id}.
To standard output, for each request: {"id", "token"} as often as needed, then {"id", "end": true}
or {"id", "error"}. The end of the input, which is also the death of the parent, ends the process.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import IO, Any

from assistant.models.generators.frames import read_frame, write_frame
from assistant.offline import forbid_telemetry

PREFILL_BLOCK_TOKENS = 128
"""A cancelled request is noticed between blocks; as fast as the whole prompt at once."""
LOOP_TOKENS = 24
LOOP_PERIOD_TOKENS = 64
CAPACITY_STEP_TOKENS = 1024
"""The cache is allotted in such steps, so that the next prompt may fit into it too."""


class Writer:
    """Greedy decoding. Keeps the cache of the last prompt: what the next one begins with, most
    often the instructions, is not computed again."""

    def __init__(self, folder: Path, threads: int) -> None:
        import onnxruntime_genai

        self._genai: Any = onnxruntime_genai
        config = onnxruntime_genai.Config(str(folder))
        options = {"session_options": {"intra_op_num_threads": threads}}  # else a single one
        config.overlay(json.dumps({"model": {"decoder": options}}))
        self._model: Any = onnxruntime_genai.Model(config)
        stated = json.loads((folder / "genai_config.json").read_text(encoding="utf-8"))["model"]
        ends = stated["eos_token_id"]
        self._ends = frozenset(ends if isinstance(ends, list) else [ends])
        self._context = int(stated["context_length"])
        self._generator: Any = None
        self._capacity = 0
        self._cached: Sequence[int] = ()

    def write(self, prompt: Sequence[int], most: int) -> Iterator[int | None]:
        """Tokens of the answer; None is a moment at which the caller may stop.

        Ends at a token that ends the answer, after `most` tokens, or when it goes in circles.
        """
        cached, self._cached = self._cached, ()  # not to be trusted if this one fails
        kept = self._make_room(cached, prompt, most)
        for block in _blocks(prompt[kept:]):
            self._generator.append_tokens(block)
            yield None
        self._cached = prompt
        written: list[int] = []
        while len(written) < most and not repeats_itself(written):
            self._generator.generate_next_token()
            token = int(self._generator.get_next_tokens()[0])
            if token in self._ends:
                return
            written.append(token)
            yield token

    def _make_room(self, cached: Sequence[int], prompt: Sequence[int], most: int) -> int:
        """How many tokens of the prompt are in the cache already; the last two never are."""
        needed = len(prompt) + most
        if self._generator is not None and self._capacity >= needed:
            pairs = zip(cached, prompt[:-2], strict=False)
            kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            if kept:
                self._generator.rewind_to(kept)
                return kept
        steps = -(-needed // CAPACITY_STEP_TOKENS)
        self._capacity = min(steps * CAPACITY_STEP_TOKENS, self._context)
        self._generator = None  # frees its cache before the next one is allotted
        parameters = self._genai.GeneratorParams(self._model)
        parameters.set_search_options(max_length=self._capacity, do_sample=False)
        self._generator = self._genai.Generator(self._model, parameters)
        return 0


def repeats_itself(tokens: Sequence[int]) -> bool:
    """Whether the end is one phrase, three times or more and at least LOOP_TOKENS in all.

    Greedy decoding of a small model never leaves such a circle.
    """
    for period in range(1, min(len(tokens) // 3, LOOP_PERIOD_TOKENS) + 1):
        span = max(3 * period, LOOP_TOKENS)
        if span > len(tokens):
            return False
        tail = tokens[-span:]
        if tail[period:] == tail[:-period]:
            return True
    return False


def _blocks(tokens: Sequence[int]) -> Iterator[Sequence[int]]:
    """Pieces to compute at once. None has a single token: onnxruntime-genai 0.18 takes such
    a piece for one that it wrote itself, and what follows is wrong."""
    start = 0
    while start < len(tokens):
        end = start + PREFILL_BLOCK_TOKENS
        if len(tokens) - end == 1:
            end += 1
        yield tokens[start:end]
        start = end


class Inbox:
    """Reads requests in a thread of its own, so that a cancellation arrives during one."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def cancelled(self, request_id: int) -> bool:
        return request_id in self._cancelled

    def _read(self, stream: IO[bytes]) -> None:
        while (message := read_frame(stream)) is not None:
            if "cancel" in message:
                self._cancelled.add(message["cancel"])
            else:
                self._cancelled.clear()  # one request at a time: these are of earlier ones
                self.requests.put(message)
        os._exit(0)  # nobody is left to write for, even in the middle of a prompt


def answer(writer: Writer, request: dict[str, Any], inbox: Inbox, out: IO[bytes]) -> None:
    request_id = request["write"]
    try:
        for token in writer.write(request["prompt"], request["most"]):
            if inbox.cancelled(request_id):
                break
            if token is not None:
                write_frame(out, {"id": request_id, "token": token})
    except Exception as exc:  # noqa: BLE001 - the edge of the process: told to the parent
        write_frame(out, {"id": request_id, "error": f"{type(exc).__name__}: {exc}"})
    else:
        write_frame(out, {"id": request_id, "end": True})


def main(folder: Path, threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us
    forbid_telemetry()
    # Standard output carries frames: whatever a library prints must not get in between.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    writer = Writer(folder, threads)
    inbox = Inbox(sys.stdin.buffer)  # not before: a failed start could not stop its thread
    while True:
        answer(writer, inbox.requests.get(), inbox, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
