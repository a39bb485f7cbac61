"""`philo serve`"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from assistant.commands.options import Data, Json
from assistant.settings import load_settings


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

    def ready(address: str, _: bool) -> None:
        if as_json:
            print(json.dumps({"url": address, "api": f"{address}/api"}), flush=True)
        else:
            print(f"Philo's API is at {address}/api/docs. Stop it with Ctrl+C.", flush=True)

    wanted = None
    if replicas is not None or cluster is not None:
        wanted = Replicas(count=replicas or 1, address=cluster or "auto")
    settings = load_settings(data)
    serve_api(settings, host=host, port=port, ready=ready, with_page=False, replicas=wanted)
