"""Pages are drawn as files are parsed: in child processes that may crash or hang alone."""

from __future__ import annotations

import queue
from pathlib import Path

from assistant.errors import ParseError
from assistant.ingest_settings import IngestSettings
from assistant.types import PageImage
from ingestion.sandbox import Sandbox, SandboxLimits
from ingestion.wire import decode_page

CHILDREN = 2
TIMEOUT_S = 15.0
MOST_OUTPUT_BYTES = 32 * 2**20


class PageDrawing:
    """From any thread; at most `CHILDREN` pages at once. A child starts when it is first wanted."""

    def __init__(self, settings: IngestSettings) -> None:
        limits = SandboxLimits(
            timeout_s=TIMEOUT_S,
            memory_bytes=settings.parse_memory_bytes,
            max_output_bytes=MOST_OUTPUT_BYTES,
        )
        self._sandboxes = [
            Sandbox(limits, entry="ingestion.parsers.page_image:draw_page") for _ in range(CHILDREN)
        ]
        # Last in, first out: one reader needs one child only.
        self._idle: queue.LifoQueue[Sandbox] = queue.LifoQueue()
        for sandbox in self._sandboxes:
            self._idle.put(sandbox)

    def draw(self, path: Path, *, number: int, media_type: str) -> PageImage:
        """
        Raises:
            ParseError: it cannot be drawn, or not within the limits.
        """
        sandbox = self._idle.get()
        try:
            answer = sandbox.ask(path, {"number": number, "media_type": media_type})
            return decode_page(answer["page"])
        except (KeyError, ValueError) as exc:
            raise ParseError("the page was drawn as nonsense") from exc
        finally:
            self._idle.put(sandbox)

    def close(self) -> None:
        for sandbox in self._sandboxes:
            sandbox.interrupt()
            sandbox.close()
