"""`philo serve`"""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import Data, Json
from assistant.settings import load_settings

if TYPE_CHECKING:
    from assistant.serving import Serving


def serve(
    host: Annotated[str, typer.Option(help="Address of this machine to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8501,
    replicas: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Generators, one on each GPU or on cores of its own."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="auto|ADDRESS", help="Ray cluster that they run on; auto: here."),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Serve the API alone, with several replicas of the generator where asked for."""
    from assistant.service import Replicas
    from assistant.serving import serve as serve_api

    wanted = None
    if replicas is not None or cluster is not None:
        wanted = Replicas(count=replicas or 1, address=cluster or "auto")
    settings = load_settings(data)
    serve_api(
        settings,
        host=host,
        port=port,
        ready=partial(tell_serving, as_json=as_json),
        with_page=False,
        replicas=wanted,
    )


def tell_serving(now: Serving, *, as_json: bool) -> None:
    """Where the service is, and how the first administrator comes in."""
    setup = f"{now.url}/account/setup"
    if as_json:
        told = {"url": now.url, "api": now.api_url}
        if now.setup_code is not None:
            told |= {"setup": setup, "setup_code": now.setup_code}
        print(json.dumps(told), flush=True)
        return
    if now.has_page:
        print(f"Philo is at {now.url} (API: {now.url}/api/docs). Stop it with Ctrl+C.")
    else:
        print(f"Philo's API is at {now.url}/api/docs. Stop it with Ctrl+C.")
    if now.setup_code is not None:
        print(f"Nobody administers it yet. Make the first account at {setup}")
        print(f"with this code, which is good until there is one: {now.setup_code}")
    sys.stdout.flush()
