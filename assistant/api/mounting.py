"""Where the API stands in the service: at `/api`, and its OpenAI-compatible part at `/v1` too."""

from __future__ import annotations

from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.api.openai_failures import PREFIX


def api_routes(api: ASGIApp) -> list[Mount]:
    """The base URL of an OpenAI client is `.../api/v1`, or `.../v1` where it insists on that."""

    async def openai_alone(scope: Scope, receive: Receive, send: Send) -> None:
        outside = scope["root_path"].removesuffix(PREFIX)
        await api({**scope, "root_path": outside}, receive, send)

    return [Mount("/api", api), Mount(PREFIX, openai_alone)]
