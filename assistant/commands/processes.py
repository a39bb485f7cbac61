"""`philo worker` and `philo ui`: parts of a service as processes of their own."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Annotated

import typer

from assistant.commands.options import Data, Json
from assistant.commands.serve import tell_serving
from assistant.errors import SettingsError
from assistant.models.settings import NO_READER
from assistant.settings import load_settings


def worker(
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve /metrics there; 0 takes a free one."),
    ] = None,
    metrics_host: Annotated[
        str, typer.Option(help="Address of this machine to serve them on.")
    ] = "127.0.0.1",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Bring in what others have accepted, until stopped; any number of them, with servers for
    database and vectors. What is at work at the end is given back for the next one."""
    from assistant.observing.logs import write_json_logs
    from assistant.service import open_assistant

    settings = load_settings(data).without_generator()
    settings = settings.model_copy(
        update={
            "models": settings.models.model_copy(update={"reader": NO_READER}),
            "ingest": settings.ingest.model_copy(update={"elsewhere": False}),
        }
    )
    with ExitStack() as opened:
        assistant = opened.enter_context(open_assistant(settings))
        if settings.observability.logs == "json":
            write_json_logs()
        told: dict[str, object] = {"working": True}
        if metrics_port is not None:
            from assistant.metrics_serving import serving_metrics

            metrics = assistant.library.observer.metrics
            told["metrics"] = opened.enter_context(
                serving_metrics(
                    metrics, settings.observability, host=metrics_host, port=metrics_port
                )
            )
        assistant.start_work()
        print(json.dumps(told) if as_json else _say_working(told), flush=True)
        threading.Event().wait()


def _say_working(told: Mapping[str, object]) -> str:
    address = f" Metrics are at {told['metrics']}." if "metrics" in told else ""
    return f"Working.{address} Stop it with Ctrl+C."


def ui(
    api: Annotated[
        str,
        typer.Option(
            envvar=["PHILO_API", "PHILO_API_URL"],
            metavar="URL",
            help="The API, up to and with /api; else of the service on this machine.",
        ),
    ] = "http://127.0.0.1:8501/api",
    host: Annotated[str, typer.Option(help="Address of this machine to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8502,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Serve the web page alone. It opens no data; people sign in at the API, which has to be
    reached under the same host name as the page (behind a proxy: / here, /api and /account
    there)."""
    from assistant.page_serving import serve_page

    if not api.startswith(("http://", "https://")) or not api.rstrip("/").endswith("/api"):
        raise SettingsError(f"--api is {api!r}; expected an address like http://127.0.0.1:8501/api")
    serve_page(
        load_settings(data),
        api_url=api.rstrip("/"),
        host=host,
        port=port,
        ready=partial(tell_serving, as_json=as_json),
    )
    sys.stdout.flush()
