"""The process that runs a generator: `python -m assistant.models.generators.worker FOLDER JSON`.

It has a process of its own because reading a prompt keeps cores and the interpreter busy: in the
serving process all pages and requests would stand still for seconds.

To standard output, first: {"ready": slots, "how": ...}, when the model is loaded.
From standard input: {"id", "prompt": [token...], "most": n, "guide": [kind, text] or null,
"continuation": [token...]} and {"cancel": id}. To standard output, for each request:
{"id", "token", "logprob"} as often as needed, then {"id", "end": true} or {"id", "error"}. The end
of the input, which is also the death of the parent, ends the process.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import IO, Any

from assistant.machine import BEHIND_REQUESTS, stand_back
from assistant.models.generators.frames import read_frame, write_frame
from assistant.models.generators.writing import Job, Writer
from assistant.offline import forbid_telemetry


def open_writer(folder: Path, options: dict[str, Any]) -> tuple[Writer, str]:
    """The quickest way to run this model here, and what it is called.

    Args:
        options: the fields of ServingSettings, and `threads`; `device` is `cpu` or `cuda`.
    """
    device = options["device"]
    if device == "cpu":
        from assistant.models.generators.graph import UnsuitableGraphError, read_graph

        try:
            graph = read_graph(folder)
        except UnsuitableGraphError as exc:
            how = f"cpu, one after the other: {exc}"
        else:
            from assistant.models.generators.batching import BatchWriter

            batch = BatchWriter(
                folder,
                graph,
                threads=options["threads"],
                slots=options["slots"],
                cache_bytes=options["cache_bytes"],
                prefix_bytes=options["prefix_bytes"],
                draft_tokens=options["draft_tokens"],
            )
            return batch, "cpu, side by side"
    else:
        from assistant.models.generators.paged import PagedWriter, has_paged_cache

        if has_paged_cache(folder):
            paged = PagedWriter(folder, slots=options["slots"], device=device)
            return paged, f"{device}, side by side"
        how = f"{device}, one after the other: its cache is not paged"
    from assistant.models.generators.sequential import SequentialWriter

    return SequentialWriter(folder, threads=options["threads"], device=device), how


class Inbox:
    """Reads messages in a thread of its own, so that a cancellation arrives during a step."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def take(self, *, wait: bool) -> dict[str, Any] | None:
        """The next message; None when there is none yet."""
        try:
            return self._messages.get(block=wait)
        except queue.Empty:
            return None

    def _read(self, stream: IO[bytes]) -> None:
        while (message := read_frame(stream)) is not None:
            self._messages.put(message)
        os._exit(0)  # nobody is left to write for, even in the middle of a prompt


def follow(writer: Writer, message: dict[str, Any]) -> None:
    if "cancel" in message:
        writer.cancel(message["cancel"])
        return
    guide = message["guide"]
    writer.add(
        Job(
            id=message["id"],
            prompt=message["prompt"],
            most=message["most"],
            guide=(guide[0], guide[1]) if guide else None,
            continuation=message["continuation"],
        )
    )


def main(folder: Path, options: dict[str, Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us
    forbid_telemetry()
    stand_back(BEHIND_REQUESTS)
    # Standard output carries frames: whatever a library prints must not get in between.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    writer, how = open_writer(folder, options)
    inbox = Inbox(sys.stdin.buffer)  # not before: a failed start could not stop its thread
    write_frame(out, {"ready": writer.slots, "how": how})
    while True:
        while (message := inbox.take(wait=not writer.busy)) is not None:
            follow(writer, message)
        try:
            frames = writer.step()
        except Exception as exc:  # noqa: BLE001 - the edge of the process: told to the parent
            frames = writer.abandon(exc)
        for frame in frames:
            write_frame(out, frame)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
