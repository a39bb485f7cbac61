"""OpenTelemetry traces, sent to the collector that the settings name and to nobody else."""

from __future__ import annotations

import logging
import time
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from assistant.errors import OfflineError
from assistant.observing.logs import current_request

TIMEOUT_S = 5.0
HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class Tracing:
    """A provider of its own: what other libraries would trace is not sent."""

    def __init__(self, endpoint: str, *, share: float, offline: bool) -> None:
        """
        Raises:
            OfflineError: the collector is another machine, and `offline` is set.
        """
        parts = urlsplit(endpoint)
        if offline and parts.hostname not in HERE:
            raise OfflineError(
                f"traces would go to {parts.hostname}, and Philo is offline; name a collector on "
                "this machine in [observability] traces, take it out, or set offline = false"
            )
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource({"service.name": "philo", "service.version": version("philo")}),
            span_limits=SpanLimits(max_attribute_length=64),
            shutdown_on_exit=False,
        )
        logging.getLogger("opentelemetry").setLevel(logging.ERROR)
        # Not by way of a proxy that the environment names: that would be another address.
        options: Any = (("grpc.enable_http_proxy", 0),)
        exporter = OTLPSpanExporter(
            endpoint=endpoint,
            insecure=parts.scheme == "http",
            timeout=TIMEOUT_S,
            channel_options=options,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
        self._tracer = self._provider.get_tracer("philo")

    def begin(self, way: str) -> tuple[Span, Context]:
        root = self._tracer.start_span(way, context=Context())
        if request := current_request.get():
            root.set_attribute("philo.request", request)
        return root, set_span_in_context(root, Context())

    def record(self, name: str, seconds: float, within: Context, *, error: str) -> None:
        now = time.time_ns()
        span = self._tracer.start_span(
            name, context=within, start_time=now - round(seconds * 1e9), record_exception=False
        )
        if error:
            span.set_status(Status(StatusCode.ERROR, error))
        span.end(now)

    def end(self, root: Span, outcome: str) -> None:
        root.set_attribute("philo.outcome", outcome)
        root.end()

    def close(self) -> None:
        """Send what is left, for as long as one try takes."""
        self._provider.shutdown()
