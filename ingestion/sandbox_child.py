"""The other end of `ingestion.sandbox`: reads paths, answers with parsed documents.

One JSON object a line in both directions: for each path any number of {"progress": ...}, then
the answer. Whatever a library prints goes nowhere.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, cast

from assistant.errors import ParseError
from assistant.types import PageImage, ParsedDocument
from ingestion.confinement import address_space, confine_process, limit_file, limit_time
from ingestion.parsers.pace import Helpers, Pace
from ingestion.wire import dump_message, encode_result


def serve_files(entry: str, helpers: int) -> None:
    """Answer requests from standard input until it ends.

    Args:
        entry: "module:function" of what parses a file, or draws a page of it.
        helpers: so many threads at most recognise characters beside this one.
    """
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    requests = sys.stdin.buffer
    module, _, function = entry.partition(":")
    parse = cast(
        Callable[..., ParsedDocument | PageImage],
        getattr(importlib.import_module(module), function),
    )
    filtered, threads = confine_process(helpers)
    answers.write(dump_message({"filtered": filtered, "address_space": address_space()}))
    answers.flush()
    for line in requests:
        request = json.loads(line)
        answers.write(_answer(parse, request, answers, threads))
        answers.flush()


def _answer(
    parse: Callable[..., ParsedDocument | PageImage],
    request: dict[str, Any],
    answers: BinaryIO,
    threads: ThreadPoolExecutor | None,
) -> bytes:
    count = request["ocr_threads"]
    helpers = Helpers(threads, count) if threads and count > 1 else None

    def tell(*, recognising: bool) -> None:
        busy = 1 + helpers.count if helpers and recognising else 1
        limit_time(busy * request["cpu_s"])
        answers.write(dump_message({"progress": {"recognising": recognising}}))
        answers.flush()

    try:
        limit_file(memory_bytes=request["memory_bytes"], cpu_s=request["cpu_s"])
        pace = Pace(request["ocr_timeout_s"], tell, helpers)
        result = parse(Path(request["path"]), pace=pace, **request["options"])
        return dump_message(encode_result(result) | {"address_space": address_space()})
    except ParseError as exc:
        return dump_message({"error": _printable(str(exc)), "address_space": address_space()})
    except MemoryError:
        return dump_message({"out_of_memory": True})
    except RecursionError:
        return dump_message({"error": "the file is damaged or hostile: nested too deeply"})
    except Exception as exc:  # noqa: BLE001 - the edge: a parser may raise anything
        return dump_message({"error": f"the file is damaged ({_printable(_describe(exc))})"})


def _describe(exc: Exception) -> str:
    message = " ".join(str(exc).split())
    return f"{type(exc).__name__}: {message}"[:200] if message else type(exc).__name__


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
