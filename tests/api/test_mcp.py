"""The MCP server, spoken to by the SDK's own client over real HTTP."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

import anyio
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from assistant.models.generators.scripted import ScriptedGenerator
from assistant.service import open_assistant
from tests.api.served import served, token_of

QUESTION = "How many days of leave are there in Dublin?"
TEXT = (
    "# Leave\n\nThe handbook holds for everybody. In Dublin each employee has 26 days of leave. "
    "Days that are not taken are lost in March.\n"
)
SECRET = "# Board\n\nThe code word of the board is Tibidabo.\n"
MODES = ["auto", "legacy"]


@pytest.fixture(scope="module")
def assistant(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    (folder / "leave.md").write_text(TEXT)
    (folder / "board.md").write_text(SECRET)
    with open_assistant(settings) as assistant:
        assistant.ingestor.ingest([str(folder / "leave.md")])
        assistant.ingestor.ingest([str(folder / "board.md")], groups=["board"])
        yield assistant


@pytest.fixture(scope="module")
def url(assistant):
    with served(assistant) as address:
        yield f"{address}/api/mcp"


@pytest.fixture(scope="module")
def reader(assistant):
    return token_of(assistant, "reader")


@asynccontextmanager
async def connected(url, token, mode="auto"):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


def run(work, *arguments, **options):
    """In a thread of its own, for this one may already have a loop."""
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(anyio.run, partial(work, *arguments, **options)).result()
        except BaseExceptionGroup as group:
            failure = group
            while isinstance(failure, BaseExceptionGroup):
                failure = failure.exceptions[0]
            raise failure from group


async def call(url, token, tool, arguments, mode="auto", progress=None):
    async with connected(url, token, mode) as client:
        return await client.call_tool(tool, arguments, progress_callback=progress)


@pytest.mark.parametrize("mode", MODES)
def test_tools_say_what_they_take_and_give(url, reader, mode):
    async def listed():
        async with connected(url, reader, mode) as client:
            return await client.list_tools(), client.instructions

    found, instructions = run(listed)
    assert [tool.name for tool in found.tools] == ["search", "ask", "summarize", "read_citation"]
    for tool in found.tools:
        assert len(tool.description) > 100
        assert tool.input_schema["properties"]
        assert tool.output_schema["properties"]
        assert tool.annotations.read_only_hint
    assert "documents" in instructions


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_is_cited_and_its_citation_can_be_read(url, reader, mode):
    told = []

    async def note(done, total, message):
        told.append((done, message))

    answered = run(call, url, reader, "ask", {"question": QUESTION}, mode, note)
    answer = answered.structured_content
    assert "26 days of leave. [1]" in answer["answer"]
    assert not answer["refused"]
    assert "passages" in told[0][1]
    assert any("26 days" in message for _, message in told)
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert "26 days" in answered.content[0].text
    [citation] = answer["citations"]
    place = {name: citation[name] for name in ("document_id", "start", "end")}
    cited = run(call, url, reader, "read_citation", place, mode).structured_content
    assert cited["quote"] == citation["quote"]
    assert cited["page"] == 1
    assert "everybody" in cited["before"]
    assert "March" in cited["behind"]


@pytest.mark.parametrize("mode", MODES)
def test_a_document_is_summarised_with_progress(url, reader, mode):
    told = []

    async def note(done, total, message):
        told.append(message)

    asked = {"documents": ["Leave"], "form": "points"}
    summary = run(call, url, reader, "summarize", asked, mode, note).structured_content
    assert "[1]" in summary["text"]
    assert summary["titles"] == ["Leave"]
    assert told


def test_search_finds_passages_and_scopes_narrow_it(url, reader):
    found = run(call, url, reader, "search", {"query": "days of leave", "k": 3})
    [passage] = found.structured_content["passages"]
    assert "26 days" in passage["text"]
    nothing = {"query": "days of leave", "scope": {"types": ["pdf"]}}
    assert run(call, url, reader, "search", nothing).structured_content == {"passages": []}


def test_what_the_caller_may_not_read_is_not_there(url, reader, assistant):
    asked = {"question": "What is the code word of the board?"}
    refused = run(call, url, reader, "ask", asked)
    assert "Tibidabo" not in refused.model_dump_json()
    assert refused.structured_content["refused"]
    member = token_of(assistant, "member", groups=("board",))
    answer = run(call, url, member, "ask", asked).structured_content
    assert "Tibidabo" in answer["answer"]
    [citation] = answer["citations"]
    place = {name: citation[name] for name in ("document_id", "start", "end")}
    foreign = run(call, url, reader, "read_citation", place)
    missing = run(call, url, reader, "read_citation", place | {"document_id": "0" * 32})
    assert foreign.is_error
    assert missing.is_error
    assert foreign.content[0].text == missing.content[0].text.replace(
        "0" * 32, citation["document_id"]
    )

    async def resources(token):
        async with connected(url, token) as client:
            listed = (await client.list_resources()).resources
            texts = [await client.read_resource(one.uri) for one in listed]
            return listed, "".join(text.contents[0].text for text in texts)

    listed, text = run(resources, reader)
    assert [one.name for one in listed] == ["Leave"]
    assert "26 days" in text
    listed, text = run(resources, member)
    assert {one.name for one in listed} == {"Leave", "Board"}
    assert "Tibidabo" in text

    async def read(uri):
        async with connected(url, reader) as client:
            return await client.read_resource(uri)

    secret = next(one.uri for one in listed if one.name == "Board")
    for uri in (secret, "philo://documents/../x", "file:///etc/passwd"):
        with pytest.raises(MCPError):
            run(read, uri)


@pytest.mark.parametrize(
    ("tool", "arguments", "what"),
    [
        ("ask", {"question": ""}, "empty"),
        ("ask", {}, "question"),
        ("search", {"query": "x", "k": -1}, "k"),
        ("search", {"query": "x", "other": 1}, "other"),
        ("summarize", {"documents": ["nowhere"]}, "nowhere"),
        ("read_citation", {"document_id": "a\0b", "start": 0, "end": 5}, "no document"),
    ],
)
def test_mistakes_are_told_to_the_model_that_made_them(url, reader, tool, arguments, what):
    failed = run(call, url, reader, tool, arguments)
    assert failed.is_error
    assert what in failed.content[0].text


def test_an_unknown_tool_is_an_error_of_the_protocol(url, reader):
    with pytest.raises(MCPError, match="no tool 'delete'"):
        run(call, url, reader, "delete", {})


def test_the_same_tokens_and_guards_hold_as_for_the_other_routes(url, reader):
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Accept": "application/json, text/event-stream"}
    wrong = headers | {"Authorization": "Bearer philo_wrong"}
    refused = httpx.post(url, json=body, headers=wrong)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    right = headers | {"Authorization": f"Bearer {reader}"}
    assert httpx.post(url, json=body, headers=right).status_code == 200
    for foreign in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        assert httpx.post(url, json=body, headers=right | foreign).status_code == 403
    for method in ("GET", "DELETE"):
        assert httpx.request(method, url, headers=right).status_code == 405
    assert httpx.post(url, content=b"\xff{", headers=right).status_code in (400, 415)


def test_a_client_that_leaves_ends_the_work(settings, tmp_path):
    begun, ended = threading.Event(), threading.Event()

    class Slow(ScriptedGenerator):
        def stream_tokens(self, messages, **options):
            begun.set()
            try:
                for _ in range(10_000):
                    yield from super().stream_tokens(messages, **options)
                    threading.Event().wait(0.01)
            finally:
                ended.set()

    async def leave(address, mode):
        async with connected(f"{address}/api/mcp", None, mode) as client:
            with anyio.move_on_after(3):
                await client.call_tool("ask", {"question": QUESTION})

    other = settings.model_copy(update={"data": tmp_path / "data"})
    (tmp_path / "leave.md").write_text(TEXT)
    with open_assistant(other) as assistant:
        assistant.ingestor.ingest([str(tmp_path / "leave.md")])
        counted = iter(range(1_000_000))
        said = "In Dublin each employee has 26 days of leave. "
        assistant.generator = Slow(script=lambda _: f"{said}This is number {next(counted)}. ")
        assistant.use(assistant.embedder, other)
        with served(assistant) as address:
            for mode in MODES:
                begun.clear()
                ended.clear()
                run(leave, address, mode)
                assert begun.is_set()
                assert ended.wait(10)
