"""What is told of the service's work, to whom, and that no content is in it."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import httpx
import pytest
import uvicorn
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as otlp
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as otlp_grpc
from prometheus_client.parser import text_string_to_metric_families
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from assistant.api.guard import OriginGuard
from assistant.api.observed import MetricsPage
from assistant.data_directory import RunningService
from assistant.errors import OfflineError
from assistant.observing.logs import JsonLines
from assistant.observing.metrics import Metrics
from assistant.observing.observer import open_observer
from assistant.observing.settings import ObservabilitySettings
from assistant.safety.personal.logs import MaskingFilter
from assistant.service import open_assistant
from assistant.serving import build_app
from assistant.settings import load_settings

ROOT = Path(__file__).parents[2]
TITLE, QUESTION = "Zanzibar handbook", "How many days of leave does everyone in Dublin have?"
UPLOAD = f"# {TITLE}\n\nIn Dublin each employee has 26 days of leave.\n".encode()


class Collector(otlp_grpc.TraceServiceServicer):
    """A real receiver of OTLP over gRPC."""

    def __init__(self) -> None:
        self.spans: list = []
        self.raw = b""

    def Export(self, request, context):  # noqa: N802 - gRPC's name
        self.raw += request.SerializeToString()
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return otlp.ExportTraceServiceResponse()


@pytest.fixture(scope="module")
def collector() -> Iterator[tuple[Collector, str]]:
    receiver = Collector()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    otlp_grpc.add_TraceServiceServicer_to_server(receiver, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield receiver, f"http://127.0.0.1:{port}"
    server.stop(0)


@pytest.fixture(scope="module")
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged, as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(MaskingFilter())
    access = logging.getLogger("philo.access")
    access.setLevel(logging.INFO)
    logging.root.addHandler(handler)
    yield stream
    logging.root.removeHandler(handler)
    access.setLevel(logging.NOTSET)


@pytest.fixture(scope="module")
def service(tmp_path_factory, model_directory, collector, lines) -> Iterator[httpx.Client]:
    """Over which a document came in, one was searched for, and one question was asked."""
    settings = load_settings(
        tmp_path_factory.mktemp("data"),
        environ={
            "PHILO_MODELS__DIRECTORY": str(model_directory),
            "PHILO_MODELS__GENERATOR": "none",
            "PHILO_OBSERVABILITY__METRICS": "true",
            "PHILO_OBSERVABILITY__TRACES": collector[1],
        },
    )
    with open_assistant(settings) as assistant:
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        guard = Middleware(OriginGuard, forwarded=False)
        app = build_app(assistant, RunningService(url, "token"), None, None, guard)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx.Client(base_url=url, timeout=60) as client:
            upload = {"file": ("zanzibar.md", UPLOAD)}
            client.post("/api/documents", files=upload).raise_for_status()
            client.get("/api/search", params={"q": "leave in Dublin"}).raise_for_status()
            told = client.post("/api/ask/stream", json={"question": QUESTION})
            assert "event: answer" in told.text
            client.get("/api/documents/0123456789abcdef")
            client.get("/api/nowhere/anna@example.org")
            yield client
        server.should_exit = True
        thread.join()
        listener.close()


def scrape(service: httpx.Client) -> dict[tuple[str, frozenset], float]:
    answer = service.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def labels(found: dict, name: str, label: str, **wanted: str) -> set[str]:
    return {
        dict(key)[label] for (named, key) in found if named == name and wanted.items() <= set(key)
    }


def test_every_step_of_a_question_and_of_a_document_is_measured(service):
    found = scrape(service)
    count = "philo_step_seconds_count"
    steps = {"embed", "dense", "full_text", "fuse", "read", "gate"}
    assert labels(found, count, "step", way="question") >= steps
    assert labels(found, count, "step", way="search") >= {"embed", "dense", "full_text", "audit"}
    steps = {"fetch", "parse", "chunk", "embed", "publish"}
    assert labels(found, count, "step", way="document") == steps
    assert labels(found, count, "step", way="publication") == {"stage", "index", "show"}
    whole = "philo_way_seconds_count"
    assert found[whole, frozenset({("way", "question"), ("outcome", "answered")})] == 1
    assert found[whole, frozenset({("way", "document"), ("outcome", "published")})] == 1
    assert found["philo_documents", frozenset()] == 1
    assert found["philo_jobs", frozenset({("state", "done")})] == 1


def test_requests_are_counted_by_their_route_and_never_by_their_path(service):
    found = scrape(service)
    routes = labels(found, "philo_request_seconds_count", "route")
    assert {"/search", "/ask/stream", "/documents/{document_id}", "(none)"} <= routes
    assert labels(found, "philo_request_seconds_count", "status", route="(none)") == {"404"}


def test_neither_metrics_nor_traces_nor_logs_hold_content(service, collector, lines):
    told = [
        service.get("/metrics").content,
        wait_for_spans(collector[0]),
        lines.getvalue().encode(),
    ]
    for content in told:
        assert content
        for word in (b"Zanzibar", b"zanzibar", b"Dublin", b"leave", b"anna@", b"0123456789abcdef"):
            assert word not in content


def wait_for_spans(receiver: Collector) -> bytes:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        names = {span.name for span in receiver.spans}
        if {"question", "search", "document", "publication"} <= names:
            return receiver.raw
        time.sleep(0.05)
    raise AssertionError(names)


def test_a_question_is_one_trace_with_its_steps_inside(service, collector):
    wait_for_spans(collector[0])
    spans = collector[0].spans
    (root,) = (span for span in spans if span.name == "question")
    inside = [span for span in spans if span.trace_id == root.trace_id and span is not root]
    assert {"embed", "dense", "full_text", "fuse", "gate"} <= {span.name for span in inside}
    assert {span.parent_span_id for span in inside} == {root.span_id}
    for span in inside:
        assert root.start_time_unix_nano - 1_000_000 <= span.start_time_unix_nano
        assert span.end_time_unix_nano <= root.end_time_unix_nano + 1_000_000
    attributes = {one.key: one.value.string_value for one in root.attributes}
    assert attributes["philo.outcome"] == "answered"
    assert re.fullmatch("[0-9a-f]{16}", attributes["philo.request"])


def test_logs_are_json_and_name_the_request(service, lines):
    answer = service.get("/api/health")
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    (line,) = (one for one in written if one.get("request") == answer.headers["x-request-id"])
    assert (line["route"], line["status"], line["method"]) == ("/health", 200, "GET")
    assert line["ms"] > 0


def test_an_error_in_the_log_is_one_line_with_its_kind_and_place_and_not_what_it_quotes():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(MaskingFilter())
    logger = logging.getLogger("tests.observing")
    logger.addHandler(handler)
    try:
        raise ValueError("Zanzibar: mail to anna.smith@example.org")
    except ValueError:
        logger.exception("it failed for anna.smith@example.org")
    finally:
        logger.removeHandler(handler)
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert told["error"] == "ValueError"
    assert "test_observing.py" in told["trace"][-1]
    assert "anna.smith" not in line
    assert "Zanzibar" not in line


def reader(settings: ObservabilitySettings, address: str) -> TestClient:
    return TestClient(MetricsPage(Metrics(), settings), client=(address, 4711))


def test_metrics_are_for_this_machine_alone_unless_a_token_is_shown():
    here = ObservabilitySettings(metrics=True)
    assert reader(here, "127.0.0.1").get("/").status_code == 200
    assert reader(here, "::1").get("/").status_code == 200
    assert reader(here, "10.0.0.9").get("/").status_code == 403
    assert reader(here, "testclient").get("/").status_code == 403
    proxied = {"X-Forwarded-For": "127.0.0.1"}
    assert reader(here, "127.0.0.1").get("/", headers=proxied).status_code == 403
    shown = ObservabilitySettings(metrics_token="of all the watchers")
    for address in ("127.0.0.1", "10.0.0.9"):
        client = reader(shown, address)
        assert client.get("/").status_code == 401
        wrong = {"Authorization": "Bearer of others"}
        assert client.get("/", headers=wrong).status_code == 401
        right = {"Authorization": "Bearer of all the watchers"}
        assert client.get("/", headers=right).status_code == 200
        assert client.post("/", headers=right).status_code == 405


def test_nobody_is_told_anything_by_default():
    observer = open_observer(ObservabilitySettings(), offline=True)
    assert observer.begin("question") is None
    assert observer.metrics is observer.tracing is None
    page = TestClient(MetricsPage(None, ObservabilitySettings()), client=("127.0.0.1", 4711))
    assert page.get("/").status_code == 404


def test_offline_traces_stay_on_this_machine():
    elsewhere = ObservabilitySettings(traces="http://10.0.0.9:4317")
    with pytest.raises(OfflineError, match=r"10\.0\.0\.9"):
        open_observer(elsewhere, offline=True)
    open_observer(elsewhere, offline=False).close()


def test_traces_pass_no_proxy_that_the_environment_names(collector, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        for name in ("grpc_proxy", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        observer = open_observer(ObservabilitySettings(traces=collector[1]), offline=True)
        trail = observer.begin("search")
        trail.record("past_the_proxy", 0.001)
        trail.end()
        observer.close()
        assert "past_the_proxy" in {span.name for span in collector[0].spans}
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_collector_that_is_away_delays_nobody():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = ObservabilitySettings(traces=f"http://127.0.0.1:{port}")
    observer = open_observer(settings, offline=True)
    started = time.monotonic()
    for _ in range(100):
        trail = observer.begin("search")
        trail.record("embed", 0.001)
        trail.end()
    assert time.monotonic() - started < 5
    observer.close()
    assert time.monotonic() - started < 20


def test_every_query_of_the_dashboard_names_a_metric_that_there_is(service):
    dashboard = json.loads((ROOT / "docker" / "grafana" / "philo.json").read_text())
    names = {name for name, _ in scrape(service)}
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) > 15
    for query in queries:
        named = set(re.findall(r"\b(?:philo|process)_\w+", query))
        assert named, query
        assert named <= names, (query, named - names)
    steps = re.findall(r'step="(\w+)"', " ".join(queries))
    assert set(steps) == {"first_token"}
