"""OpenAI's protocol, spoken by the official client and by LangChain's over real HTTP."""

from __future__ import annotations

import threading

import httpx
import openai
import pytest
from fastapi.testclient import TestClient
from langchain_openai import ChatOpenAI

from assistant.api.openai_limits import Limits
from assistant.api.rest import create_api
from assistant.models.generators.scripted import ScriptedGenerator
from assistant.service import open_assistant
from tests.api.served import served, token_of

QUESTION = [{"role": "user", "content": "How many days of leave are there in Dublin?"}]
DOCUMENTS = {
    "default": "# Leave\n\nIn Dublin each employee has 26 days of leave.\n",
    "travel": "# Hotels\n\nThe hotel limit in Oslo is 210 euros a night. "
    "The hotel limit in Rome is 150 euros a night.\n",
}


@pytest.fixture(scope="module")
def assistant(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    with open_assistant(settings) as assistant:
        for collection, text in DOCUMENTS.items():
            path = folder / f"{collection}.md"
            path.write_text(text)
            assistant.ingestor.ingest([str(path)], collection=collection)
        secret = folder / "secret.md"
        secret.write_text("# Board\n\nThe code word of the board is Tibidabo.\n")
        assistant.ingestor.ingest([str(secret)], collection="board", groups=["board"])
        yield assistant


@pytest.fixture(scope="module")
def url(assistant):
    with served(assistant) as address:
        yield address


@pytest.fixture(scope="module")
def reader(assistant):
    return token_of(assistant, "reader")


@pytest.fixture
def client(url, reader):
    with openai.OpenAI(base_url=f"{url}/api/v1", api_key=reader, max_retries=0) as client:
        yield client


def test_the_official_client_gets_a_cited_answer(client):
    completion = client.chat.completions.create(model="philo", messages=QUESTION)
    [choice] = completion.choices
    assert "26 days of leave. [1]" in choice.message.content
    assert choice.finish_reason == "stop"
    assert completion.usage.total_tokens > completion.usage.completion_tokens > 5
    [citation] = completion.philo["citations"]
    assert citation["marker"] == 1
    assert citation["uri"].endswith("default.md")
    assert "26 days" in citation["quote"]
    assert completion.philo["ignored"] == []


def test_a_stream_gives_the_same_text_in_pieces(client):
    whole = client.chat.completions.create(model="philo", messages=QUESTION)
    chunks = list(
        client.chat.completions.create(
            model="philo", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
    )
    *told, last = chunks
    text = "".join(chunk.choices[0].delta.content or "" for chunk in told)
    assert text == whole.choices[0].message.content
    assert told[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in told] == [None] * (len(told) - 1) + ["stop"]
    assert told[-1].philo["citations"] == whole.philo["citations"]
    assert last.choices == []
    assert last.usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_stream_ends_with_done(url):
    body = {"model": "philo", "messages": QUESTION, "stream": True}
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    assert all(line.startswith("data: ") for line in lines)
    assert "usage" not in "".join(lines)


@pytest.mark.parametrize("streaming", [False, True])
def test_langchains_chat_model_works_unchanged(url, reader, streaming):
    model = ChatOpenAI(
        base_url=f"{url}/v1", api_key=reader, model="philo", streaming=streaming, stream_usage=True
    )
    answer = model.invoke([("system", "Be brief."), ("user", QUESTION[0]["content"])])
    assert "26 days of leave. [1]" in answer.text
    assert answer.usage_metadata["output_tokens"] > 5


def test_a_collection_is_a_model(client):
    listed = [one.id for one in client.models.list()]
    assert listed == ["philo", "philo/default", "philo/travel"]
    assert client.models.retrieve("philo/travel").id == "philo/travel"
    asked = {"messages": [{"role": "user", "content": "What is the hotel limit in Oslo?"}]}
    right = client.chat.completions.create(model="philo/travel", **asked)
    assert "210" in right.choices[0].message.content
    wrong = client.chat.completions.create(model="philo/default", **asked)
    assert "210" not in wrong.choices[0].message.content


def test_a_collection_of_which_nothing_may_be_read_is_no_model(client, assistant, url):
    told = []
    for name in ("philo/board", "philo/nowhere", "gpt-4o"):
        with pytest.raises(openai.NotFoundError) as refused:
            client.chat.completions.create(model=name, messages=QUESTION)
        assert (refused.value.code, refused.value.param) == ("model_not_found", "model")
        told.append(refused.value.message.replace(name, "NAME"))
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve(name)
    assert len(set(told)) == 1
    secret = [{"role": "user", "content": "What is the code word of the board?"}]
    assert (
        "Tibidabo"
        not in client.chat.completions.create(model="philo", messages=secret).model_dump_json()
    )
    member = openai.OpenAI(
        base_url=f"{url}/v1", api_key=token_of(assistant, "member", groups=("board",))
    )
    with member:
        assert "philo/board" in [one.id for one in member.models.list()]
        answer = member.chat.completions.create(model="philo/board", messages=secret)
    assert "Tibidabo" in answer.choices[0].message.content


def test_the_conversation_tells_what_a_follow_up_means(client):
    messages = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": "What is the hotel limit in Oslo?"},
        {"role": "assistant", "content": "It is 210 euros a night. [1]"},
        {"role": "user", "content": [{"type": "text", "text": "And in Rome?"}]},
    ]
    answer = client.chat.completions.create(model="philo", messages=messages, temperature=0.3)
    assert "150" in answer.choices[0].message.content
    assert answer.philo["ignored"] == ["messages[0] (system)", "temperature"]


def test_what_the_documents_do_not_say_is_refused(client):
    asked = [{"role": "user", "content": "Who won the football world cup in 1998?"}]
    answer = client.chat.completions.create(model="philo", messages=asked)
    chunks = client.chat.completions.create(model="philo", messages=asked, stream=True)
    assert answer.philo["refused"]
    assert answer.philo["citations"] == []
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == answer.choices[0].message.content
    assert "not find" in text


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("n", 2),
        ("tools", [{"type": "function", "function": {"name": "f", "parameters": {}}}]),
        ("response_format", {"type": "json_object"}),
        ("logprobs", True),
        ("modalities", ["text", "audio"]),
    ],
)
def test_what_philo_cannot_do_is_refused_by_name(client, param, value):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="philo", messages=QUESTION, **{param: value})
    assert refused.value.param == param
    assert refused.value.code == "unsupported_parameter"
    assert refused.value.type == "invalid_request_error"
    assert param in refused.value.message


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([{"role": "user", "content": [IMAGE]}], "messages[0].content"),
        ([*QUESTION, {"role": "assistant", "content": "It is"}], "messages"),
        ([{"role": "tool", "tool_call_id": "1", "content": "42"}], "messages[0].role"),
        ([{"role": "system", "content": "Be brief."}], "messages"),
        ([{"role": "nobody", "content": "x"}], "messages.0.role"),
    ],
)
def test_messages_that_cannot_be_answered_are_refused_by_place(client, messages, param):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="philo", messages=messages)
    assert refused.value.param == param


def test_an_empty_question_is_refused_before_the_stream(client):
    with pytest.raises(openai.BadRequestError, match="empty"):
        client.chat.completions.create(
            model="philo", messages=[{"role": "user", "content": " "}], stream=True
        )


def test_a_limit_of_tokens_keeps_whole_sentences(client):
    asked = [{"role": "user", "content": "What are the hotel limits in Oslo and Rome?"}]
    whole = client.chat.completions.create(model="philo/travel", messages=asked)
    assert len(whole.philo["sentences"]) > 1
    limit = whole.usage.completion_tokens - 1
    cut = client.chat.completions.create(
        model="philo/travel", messages=asked, max_completion_tokens=limit
    )
    assert cut.choices[0].finish_reason == "length"
    assert cut.usage.completion_tokens <= limit
    assert cut.choices[0].message.content.endswith("]")
    assert whole.choices[0].message.content.startswith(cut.choices[0].message.content)
    assert len(cut.philo["sentences"]) == len(whole.philo["sentences"]) - 1


def test_an_answer_ends_before_a_stop_sequence(client):
    answer = client.chat.completions.create(model="philo", messages=QUESTION, stop=["days", "zzz"])
    assert answer.choices[0].message.content.endswith("has 26 ")
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stop", ["b c", "ab", "c", "x", "cd"])
def test_a_stop_sequence_is_found_across_pieces(stop):
    limits = Limits([stop], None, len)
    sent = "".join(limits.take(piece) for piece in ("aab", " c", "cc", "c")) + limits.end()
    assert sent == "aab cccc".partition(stop)[0]


def test_keys_are_tokens_and_local_stands_for_none(url, assistant):
    for key, name in (("sk-wrong", None), ("philo_wrong", None), ("local", "philo/board")):
        with openai.OpenAI(base_url=f"{url}/api/v1", api_key=key, max_retries=0) as client:
            if name is None:
                with pytest.raises(openai.AuthenticationError) as refused:
                    client.models.list()
                assert refused.value.code == "invalid_api_key"
            else:
                assert name in [one.id for one in client.models.list()]


def test_errors_have_openais_form_on_its_routes_only(url):
    for path in ("/api/v1/nothing", "/v1/nothing"):
        missing = httpx.get(f"{url}{path}")
        assert missing.status_code == 404
        assert missing.json()["error"]["code"] == "unknown_url"
    broken = httpx.post(
        f"{url}/v1/chat/completions", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert broken.status_code == 400
    assert broken.json()["error"]["type"] == "invalid_request_error"
    assert httpx.get(f"{url}/api/nothing").json()["error"].keys() == {"type", "message"}
    assert httpx.get(f"{url}/v1/models", headers={"Host": "evil.example"}).status_code == 403
    assert httpx.get(f"{url}/v1/models", headers={"Origin": "http://evil"}).status_code == 403
    assert httpx.get(f"{url}/documents").status_code == 404


def test_too_many_questions_are_told_when_to_come_back(settings, tmp_path, model_directory):
    from assistant.settings import load_settings

    variables = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_SERVING__SLOTS": "1",
        "PHILO_SERVING__QUEUE": "0",
    }
    with open_assistant(load_settings(tmp_path, environ=variables)) as assistant:
        client = TestClient(create_api(assistant, operator_token="t"))
        held = [assistant.reserve(principal=who) for who in ("one", "another")]
        body = {"model": "philo", "messages": QUESTION}
        for stream in (False, True):
            refused = client.post("/v1/chat/completions", json=body | {"stream": stream})
            assert refused.status_code == 429
            assert int(refused.headers["Retry-After"]) >= 1
            assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        for ticket in held:
            ticket.cancel()
        empty = {"model": "philo", "messages": [{"role": "user", "content": "?"}]}
        for _ in range(3):  # a question that is refused gives its place back
            assert client.post("/v1/chat/completions", json=empty).status_code == 400
        assert client.post("/v1/chat/completions", json=body).status_code == 200


def test_a_client_that_leaves_a_stream_ends_its_work(settings, tmp_path):
    ended = threading.Event()

    class Slow(ScriptedGenerator):
        def stream_tokens(self, messages, **options):
            try:
                for number in range(10_000):
                    yield from super().stream_tokens(messages, **options)
                    threading.Event().wait(0.01 * bool(number))
            finally:
                ended.set()

    other = settings.model_copy(update={"data": tmp_path / "data"})
    (tmp_path / "leave.md").write_text(DOCUMENTS["default"])
    with open_assistant(other) as assistant:
        assistant.ingestor.ingest([str(tmp_path / "leave.md")])
        said = "In Dublin each employee has 26 days of leave. "
        counted = iter(range(10_000))
        assistant.generator = Slow(script=lambda _: f"{said}This is number {next(counted)}. ")
        assistant.use(assistant.embedder, other)
        with served(assistant) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="local") as one:
            stream = one.chat.completions.create(model="philo", messages=QUESTION, stream=True)
            next(chunk for chunk in stream if chunk.choices[0].delta.content)
            stream.close()
            assert ended.wait(10)
