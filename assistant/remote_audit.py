"""The audit log, erasures and people's own data of a running service, as a command sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from assistant.audit import AuditEntry, AuditFilter, Hold, HoldKind, Pruned, Verification
from assistant.erasure.types import (
    ErasureInfo,
    ErasureProgress,
    Listener,
    Receipt,
    ReceiptCheck,
)
from assistant.errors import ServiceError
from assistant.remote_sources import Call, Stream

_PAGE = 1000


class RemoteAudit:
    """See `assistant.audit.types.AuditReader`.

    Args:
        call: as in `RemoteSources`.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def export(self, *, after: int = 0, wanted: AuditFilter | None = None) -> Iterator[AuditEntry]:
        asked = {} if wanted is None else wanted.model_dump(mode="json", exclude_defaults=True)
        more = True
        while more:  # each reading adds an entry, so the end is a page that is not full
            page = self._call("GET", "/audit", params={"after": after, "limit": _PAGE, **asked})
            entries = TypeAdapter(list[AuditEntry]).validate_python(page)
            yield from entries
            more = len(entries) == _PAGE
            after = entries[-1].number if entries else after

    def verify(self) -> Verification:
        return Verification.model_validate(self._call("GET", "/audit/verification"))

    def prune(self) -> Pruned:
        return Pruned.model_validate(self._call("POST", "/audit/prune"))

    def holds(self) -> list[Hold]:
        return TypeAdapter(list[Hold]).validate_python(self._call("GET", "/audit/holds"))

    def add_hold(
        self, kind: HoldKind, *, subject: str = "", since: str = "", until: str = "", reason: str
    ) -> Hold:
        body = {"kind": kind, "subject": subject, "since": since, "until": until, "reason": reason}
        return Hold.model_validate(self._call("POST", "/audit/holds", json=body))

    def release_hold(self, hold_id: str) -> Hold:
        path = f"/audit/holds/{quote(hold_id, safe='')}/release"
        return Hold.model_validate(self._call("POST", path))


class RemoteErasures:
    """See `assistant.erasure.types.Eraser`."""

    def __init__(self, call: Call, stream: Stream) -> None:
        self._call = call
        self._stream = stream

    def erase_documents(
        self, document_ids: Sequence[str], *, listener: Listener | None = None
    ) -> Receipt:
        return self._erase({"documents": list(document_ids)}, listener)

    def erase_user(self, name: str, *, listener: Listener | None = None) -> Receipt:
        return self._erase({"user": name}, listener)

    def all(self) -> list[ErasureInfo]:
        return TypeAdapter(list[ErasureInfo]).validate_python(self._call("GET", "/erasures"))

    def check(self, receipt: Receipt, *, user: str = "") -> ReceiptCheck:
        body = {"receipt": receipt.model_dump(mode="json"), "user": user}
        return ReceiptCheck.model_validate(self._call("POST", "/erasures/check", json=body))

    def _erase(self, body: dict[str, Any], listener: Listener | None) -> Receipt:
        for name, data in self._stream("/erasures", body):
            if name == "report":
                return Receipt.model_validate(data)
            if name == "progress" and listener is not None:
                listener(ErasureProgress.model_validate(data))
        raise ServiceError(
            "The service ended before the erasure did; it goes on when the service starts again."
        )
