"""A server of the Model Context Protocol over streamable HTTP, for agents.

It keeps no sessions: each request stands alone, so that any of several workers can answer it.
https://modelcontextprotocol.io/specification
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import mcp_types as protocol
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from assistant.access.types import Principal
from assistant.api.mcp_tools import TOOLS, Call, Tool, text_between
from assistant.api.reader import Caller, asker_of, readable_of
from assistant.assistant import Assistant
from assistant.errors import DocumentNotFoundError, GeneratorBusyError, PhiloError
from assistant.types import DocumentInfo

logger = logging.getLogger(__name__)

Context = ServerRequestContext[Any, Any]

RESOURCE = "philo://documents/"
AT_ONCE = 100
INSTRUCTIONS = """\
Philo answers from an organisation's own documents, which the caller may read, in French and \
English. Use `ask` for a question and quote its citations; use `search` to look around, \
`read_citation` to check a quote in its place, `summarize` for a whole document. What Philo \
refuses to answer is not in the documents."""


def add_mcp(api: FastAPI, assistant: Assistant) -> None:
    """`/mcp`, for the same callers as the other routes."""
    server = create_mcp_server(assistant)

    @api.post("/mcp", include_in_schema=False)
    async def mcp(request: Request, principal: Caller) -> Response:
        request.state.principal = principal
        return _Handed(server)


class _Handed(Response):
    """Lets the SDK answer the request, which it reads itself."""

    def __init__(self, server: Server[Any]) -> None:
        super().__init__()
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # One manager for each request: it ends with it, and so does the work for a client
        # that went away.
        manager = StreamableHTTPSessionManager(self._server, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)


def create_mcp_server(assistant: Assistant) -> Server[Any]:
    """The requests that reach it have the caller in `state.principal`; without one of HTTP it is
    the operator."""
    tools = {tool.name: tool for tool in TOOLS}
    described = [_describe(tool) for tool in TOOLS]

    async def list_tools(
        _: Context, __: protocol.PaginatedRequestParams | None
    ) -> protocol.ListToolsResult:
        return protocol.ListToolsResult(tools=described)

    async def call_tool(
        context: Context, asked: protocol.CallToolRequestParams
    ) -> protocol.CallToolResult:
        tool = tools.get(asked.name)
        if tool is None:
            known = ", ".join(tools)
            raise MCPError(
                code=protocol.INVALID_PARAMS,
                message=f"there is no tool {asked.name!r}; there are {known}",
            )
        try:
            arguments = tool.arguments.model_validate(asked.arguments or {})
            result = await tool.run(assistant, arguments, _call_of(context))
        except (ValidationError, PhiloError) as exc:
            return _failed(_reason(exc))
        except Exception:
            logger.exception("the tool %s failed", tool.name)
            return _failed("The service failed unexpectedly; its log says why.")
        return protocol.CallToolResult(
            content=[protocol.TextContent(type="text", text=result.model_dump_json())],
            structured_content=result.model_dump(mode="json"),
        )

    async def list_resources(
        context: Context, asked: protocol.PaginatedRequestParams | None
    ) -> protocol.ListResourcesResult:
        readable = readable_of(_principal_of(context))
        offset = _offset(asked.cursor if asked else None)
        found = await run_sync(
            lambda: assistant.library.documents(readable, offset=offset, limit=AT_ONCE)
        )
        following = str(offset + AT_ONCE) if len(found) == AT_ONCE else None
        return protocol.ListResourcesResult(
            resources=[_resource_of(document) for document in found], next_cursor=following
        )

    async def list_templates(
        _: Context, __: protocol.PaginatedRequestParams | None
    ) -> protocol.ListResourceTemplatesResult:
        template = protocol.ResourceTemplate(
            uri_template=f"{RESOURCE}{{document_id}}",
            name="document",
            title="The text of a document",
            description="By the id that search, ask and resources/list give.",
            mime_type="text/plain",
        )
        return protocol.ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(
        context: Context, asked: protocol.ReadResourceRequestParams
    ) -> protocol.ReadResourceResult:
        readable = readable_of(_principal_of(context))
        uri = str(asked.uri)
        try:
            if not uri.startswith(RESOURCE):
                raise DocumentNotFoundError(f"there is no resource {uri!r}; list them")
            chunks = await run_sync(
                assistant.library.document_chunks, uri.removeprefix(RESOURCE), readable
            )
        except DocumentNotFoundError as exc:
            raise MCPError(
                code=protocol.INVALID_PARAMS, message=str(exc), data={"uri": uri}
            ) from exc
        text = text_between(chunks, 0, chunks[-1].end if chunks else 0)
        contents = protocol.TextResourceContents(uri=uri, mime_type="text/plain", text=text)
        return protocol.ReadResourceResult(contents=[contents])

    return Server(
        "philo",
        title="Philo",
        version=version("philo"),
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


def _describe(tool: Tool) -> protocol.Tool:
    return protocol.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=tool.result.model_json_schema(mode="serialization"),
        annotations=protocol.ToolAnnotations(
            read_only_hint=True, idempotent_hint=True, open_world_hint=False
        ),
    )


def _principal_of(context: Context) -> Principal | None:
    return context.request.state.principal if context.request is not None else None


def _call_of(context: Context) -> Call:
    principal = _principal_of(context)
    asker = asker_of(context.request, principal) if context.request is not None else ""
    return Call(principal, asker, context.session.report_progress)


def _failed(reason: str) -> protocol.CallToolResult:
    return protocol.CallToolResult(
        content=[protocol.TextContent(type="text", text=reason)], is_error=True
    )


def _reason(exc: ValidationError | PhiloError) -> str:
    if isinstance(exc, ValidationError):
        return "; ".join(f"{_place(error['loc'])}: {error['msg']}" for error in exc.errors())
    if isinstance(exc, GeneratorBusyError):
        return f"{exc} Try again in {math.ceil(exc.retry_after_s)} s."
    return str(exc)


def _place(place: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in place) or "arguments"


def _resource_of(document: DocumentInfo) -> protocol.Resource:
    return protocol.Resource(
        uri=f"{RESOURCE}{document.id}",
        name=document.title or document.uri,
        description=f"{document.uri}, collection {document.collection}, {document.pages} pages",
        mime_type="text/plain",
    )


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 9:
        raise MCPError(code=protocol.INVALID_PARAMS, message="the cursor is none of this list's")
    return int(cursor)
