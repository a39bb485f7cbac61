"""The log as the operator's commands work on it, and its retention while a service runs."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator

from assistant.audit.log import Audit
from assistant.audit.retention import prune
from assistant.audit.settings import AuditSettings
from assistant.audit.types import (
    OPERATOR_NAME,
    AuditEntry,
    AuditFilter,
    Hold,
    HoldKind,
    Pruned,
    Verification,
)
from assistant.errors import PhiloError

logger = logging.getLogger(__name__)

PRUNE_S = 24 * 3600.0


class AuditKeeper:
    """See `assistant.audit.types.AuditReader`."""

    def __init__(self, audit: Audit, settings: AuditSettings) -> None:
        self._audit = audit
        self._settings = settings
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def export(self, *, after: int = 0, wanted: AuditFilter | None = None) -> Iterator[AuditEntry]:
        return self._audit.read(OPERATOR_NAME, after=after, wanted=wanted)

    def verify(self) -> Verification:
        return self._audit.verify()

    def prune(self) -> Pruned:
        return prune(
            self._audit,
            keep_days=self._settings.keep_days,
            keep_rows_days=self._settings.keep_rows_days,
        )

    def holds(self) -> list[Hold]:
        return self._audit.holds.all()

    def add_hold(
        self, kind: HoldKind, *, subject: str = "", since: str = "", until: str = "", reason: str
    ) -> Hold:
        return self._audit.holds.add(kind, subject=subject, since=since, until=until, reason=reason)

    def release_hold(self, hold_id: str) -> Hold:
        return self._audit.holds.release(hold_id)

    def prune_if_wanted(self) -> None:
        """What retention says; that it failed is logged, and tried again the next day."""
        if self._settings.keep_days is None and self._settings.keep_rows_days is None:
            return
        try:
            self.prune()
        except PhiloError as exc:
            logger.warning("the audit log was not pruned: %s", exc)

    def start(self) -> None:
        """Prune once a day from now on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="philo-audit", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(PRUNE_S):
            with contextlib.suppress(OSError):
                self.prune_if_wanted()
