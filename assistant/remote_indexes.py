"""The indexes of a running service, as a command sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from assistant.errors import ServiceError
from assistant.remote_sources import Call, Stream
from assistant.types import (
    IndexComparison,
    IndexInfo,
    IndexListener,
    IndexProgress,
    JudgedQuestion,
)


class RemoteIndexes:
    """See `assistant.types.IndexKeeper`.

    Args:
        call, stream: as in `RemoteSources`.
    """

    def __init__(self, call: Call, stream: Stream) -> None:
        self._call = call
        self._stream = stream

    def all(self) -> list[IndexInfo]:
        found = self._call("GET", "/indexes")
        return TypeAdapter(list[IndexInfo]).validate_python(found["indexes"])

    def build(
        self,
        embedder: str | None = None,
        chunk_tokens: int | None = None,
        listener: IndexListener | None = None,
    ) -> IndexInfo:
        body = {"embedder": embedder, "chunk_tokens": chunk_tokens}
        return IndexInfo.model_validate(self._report("/indexes", body, listener))

    def switch(self, index_id: int, listener: IndexListener | None = None) -> IndexInfo:
        path = f"/indexes/{index_id}/switch"
        return IndexInfo.model_validate(self._report(path, {}, listener))

    def drop(self, index_id: int) -> None:
        self._call("DELETE", f"/indexes/{index_id}")

    def compare(
        self, questions: Sequence[JudgedQuestion], listener: IndexListener | None = None
    ) -> IndexComparison:
        body = {"questions": [one.model_dump() for one in questions]}
        return IndexComparison.model_validate(self._report("/indexes/compare", body, listener))

    def _report(self, path: str, body: dict[str, Any], listener: IndexListener | None) -> Any:
        for event, data in self._stream(path, body):
            if event == "report":
                return data
            if event == "progress" and listener is not None:
                listener(IndexProgress.model_validate(data))
        raise ServiceError("The service ended before that was done; run the command again.")
