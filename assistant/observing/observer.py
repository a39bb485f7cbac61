"""Who is told of the service's work: nobody, unless the settings say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.observing.settings import ObservabilitySettings
from assistant.observing.trail import Trail, Way

if TYPE_CHECKING:
    from assistant.observing.metrics import Metrics
    from assistant.observing.tracing import Tracing


class Observer:
    """Of one assistant. `metrics` and `tracing` are None where they are off."""

    def __init__(self, metrics: Metrics | None = None, tracing: Tracing | None = None) -> None:
        self.metrics = metrics
        self.tracing = tracing

    def begin(self, way: Way) -> Trail | None:
        """A trail to be followed; None where nobody would see it."""
        if self.metrics is None and self.tracing is None:
            return None
        return Trail(way, self.metrics, self.tracing)

    def close(self) -> None:
        if self.tracing is not None:
            self.tracing.close()


def open_observer(settings: ObservabilitySettings, *, offline: bool) -> Observer:
    """
    Raises:
        OfflineError: see `Tracing`.
    """
    metrics: Metrics | None = None
    tracing: Tracing | None = None
    if settings.metrics or settings.metrics_token is not None:
        from assistant.observing.metrics import Metrics as OpenMetrics

        metrics = OpenMetrics()
    if settings.traces is not None:
        from assistant.observing.tracing import Tracing as OpenTracing

        tracing = OpenTracing(settings.traces, share=settings.traces_share, offline=offline)
    return Observer(metrics, tracing)
