"""Prometheus metrics. Labels are from closed sets: no title, no question, no name, no address."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.6, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)

Gauges = Callable[[], Iterable[tuple[str, str, dict[str, float]]]]
"""What is counted when somebody looks: (name, what it is, label -> value); the label "" is none."""


class Metrics:
    """Those of one assistant, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.request_seconds = Histogram(
            "philo_request_seconds",
            "HTTP requests, from the first byte to the last one of the answer.",
            ["method", "route", "status"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.requests_open = Gauge(
            "philo_requests_open", "HTTP requests being answered now.", registry=self.registry
        )
        self.way_seconds = Histogram(
            "philo_way_seconds",
            "Questions, searches, documents and publications, as a whole, and how they ended.",
            ["way", "outcome"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.step_seconds = Histogram(
            "philo_step_seconds",
            "Their steps.",
            ["way", "step"],
            buckets=SECONDS,
            registry=self.registry,
        )
        built = Gauge(
            "philo_build_info", "1, of this version.", ["version"], registry=self.registry
        )
        built.labels(version("philo")).set(1)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        threads = Gauge("philo_threads", "Threads of the process.", registry=self.registry)
        threads.set_function(threading.active_count)

    def look_at(self, gauges: Gauges) -> None:
        """Ask for these with each scrape."""
        self.registry.register(_Looked(gauges))

    def exposition(self) -> bytes:
        """In Prometheus' text format 0.0.4."""
        return generate_latest(self.registry)


class _Looked:
    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        for name, what, values in self._gauges():
            labelled = any(values)
            family = GaugeMetricFamily(name, what, labels=["state"] if labelled else [])
            for label, value in values.items():
                family.add_metric([label] if labelled else [], value)
            yield family

    def describe(self) -> Iterable[Metric]:
        """Asking is left to the scrapes."""
        return []
