"""/metrics of a process that serves nothing else."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from assistant.access.login import url_host
from assistant.api.observed import METRICS, MetricsPage
from assistant.errors import SettingsError
from assistant.listening import listen, reached_here, reserve
from assistant.observing.metrics import Metrics
from assistant.observing.settings import ObservabilitySettings


@contextlib.contextmanager
def serving_metrics(
    metrics: Metrics | None, settings: ObservabilitySettings, *, host: str, port: int
) -> Iterator[str]:
    """Serve them in a thread meanwhile, to those who may read them; gives the address.

    Args:
        port: 0 takes a free one.
    Raises:
        PortInUseError: the address is taken.
        SettingsError: there are none to serve.
    """
    if metrics is None:
        raise SettingsError(
            "--metrics-port was given, but metrics are off; turn them on with "
            "[observability] metrics or metrics_token"
        )
    app = Starlette(routes=[Route(METRICS, MetricsPage(metrics, settings))])
    with contextlib.closing(reserve(host, port)) as listener:
        listen(listener)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="philo-metrics", daemon=True
        )
        thread.start()
        try:
            yield f"http://{url_host(reached_here(host))}:{listener.getsockname()[1]}{METRICS}"
        finally:
            server.should_exit = True
            thread.join()
