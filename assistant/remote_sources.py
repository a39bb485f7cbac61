"""The sources of a running service, as a command sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from assistant.errors import ServiceError
from assistant.types import IngestProgress, IngestReport, ProgressListener, SourceInfo

Call = Callable[..., Any]
Stream = Callable[[str, dict[str, Any]], Iterator[tuple[str, Any]]]


class RemoteSources:
    """See `assistant.types.SourceRegistry`.

    Args:
        call: method, path and httpx's arguments to the JSON of the answer.
        stream: path and body to the events of the answer.
    """

    def __init__(self, call: Call, stream: Stream) -> None:
        self._call = call
        self._stream = stream

    def add(
        self,
        kind: str,
        name: str,
        options: Mapping[str, Any],
        *,
        schedule: str | None = None,
        collection: str = "default",
        groups: Sequence[str] | None = None,
    ) -> SourceInfo:
        body = {
            "kind": kind,
            "name": name,
            "options": dict(options),
            "schedule": schedule,
            "collection": collection,
            "groups": None if groups is None else [*groups],
        }
        return SourceInfo.model_validate(self._call("POST", "/sources", json=body))

    def all(self) -> list[SourceInfo]:
        found = self._call("GET", "/sources")
        return TypeAdapter(list[SourceInfo]).validate_python(found["sources"])

    def source(self, name: str) -> SourceInfo:
        return SourceInfo.model_validate(self._call("GET", _path(name)))

    def sync(self, name: str, listener: ProgressListener | None = None) -> IngestReport:
        for event, data in self._stream(f"{_path(name)}/sync", {}):
            if event == "report":
                return IngestReport.model_validate(data)
            if event == "progress" and listener is not None:
                listener(IngestProgress.model_validate(data))
        raise ServiceError("The service ended before the run did; run the command again.")

    def remove(self, name: str, *, keep_documents: bool = False) -> int:
        asked = {"keep_documents": keep_documents}
        return int(self._call("DELETE", _path(name), params=asked)["removed_documents"])


def _path(name: str) -> str:
    return f"/sources/{quote(name, safe='') or '-'}"
