"""Remote generators: the real LangChain packages against a server that speaks their protocols."""

from __future__ import annotations

import io
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from assistant.addresses import check_address
from assistant.errors import (
    ContextTooLongError,
    GenerationError,
    GeneratorBusyError,
    ModelError,
    OfflineError,
    ProviderError,
    SettingsError,
)
from assistant.models.catalog import RemoteSource, find_model
from assistant.models.generators import open_generator
from assistant.models.generators.remote import RemoteGenerator, estimate_tokens
from assistant.models.generators.types import Guide
from assistant.models.settings import ModelSettings, RemoteSettings
from assistant.settings import load_settings
from tests.models.provider_server import ProviderServer, serve_provider

QUESTION = [HumanMessage("What is the capital of Germany?")]
ANSWER = "The capital of Germany is Berlin."
KEY = "right-key"
ENTRY = find_model("openai-compatible")

Open = Callable[..., RemoteGenerator]


@pytest.fixture(scope="module")
def server() -> Iterator[ProviderServer]:
    with serve_provider() as provider:
        yield provider


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def open_remote(server: ProviderServer, provider: str) -> Iterator[Open]:
    """Opens a generator of the server, which behaves until a test says otherwise."""
    server.behaviour, server.failures = "right", []
    server.say = lambda prompt: ANSWER
    server.requests.clear()
    opened: list[RemoteGenerator] = []

    def open_(**changes: object) -> RemoteGenerator:
        stated = {"base_url": server.url, "api_key": KEY, "model": "tiny-1"} | changes
        settings = ModelSettings(remote=RemoteSettings.model_validate(stated))
        opened.append(RemoteGenerator(ENTRY, RemoteSource(provider, None), settings))  # type: ignore[arg-type]
        return opened[-1]

    yield open_
    for generator in opened:
        generator.close()


def write(generator: RemoteGenerator, most: int = 24, **wishes: object) -> str:
    return "".join(generator.stream_text(QUESTION, max_new_tokens=most, **wishes))  # type: ignore[arg-type]


def test_answer_is_streamed_in_pieces(open_remote: Open, server: ProviderServer) -> None:
    generator = open_remote()
    pieces = list(generator.stream_text(QUESTION, max_new_tokens=24))
    assert "".join(pieces) == ANSWER
    assert len(pieces) == 6
    body = server.requests[-1].body
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("tiny-1", 24, 0.0)


def test_langchain_gets_the_same_answer(open_remote: Open, provider: str) -> None:
    generator = open_remote()
    assert generator.invoke(QUESTION).text == ANSWER
    assert generator.model_id == f"{provider}/tiny-1"


def test_server_gets_the_key_and_nothing_about_this_machine(
    open_remote: Open, server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-shell")
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-shell")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "key-of-the-shell")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Shell: yes")
    assert write(open_remote()) == ANSWER
    assert server.requests[-1].headers.keys() <= {
        "host", "accept", "content-type", "content-length", "user-agent", "accept-encoding",
        "authorization", "x-api-key", "anthropic-version",
    }  # fmt: skip
    assert "shell" not in str(server.requests[-1])


def test_proxies_of_the_environment_are_not_used(
    open_remote: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "OPENAI_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("ANTHROPIC_PROXY", "http://127.0.0.1:9")
    assert write(open_remote()) == ANSWER


def test_stop_string_across_pieces_ends_the_answer(open_remote: Open) -> None:
    assert write(open_remote(), stop=["of Germany"]) == "The capital "


def test_what_may_pass_is_asked_again(open_remote: Open, server: ProviderServer) -> None:
    server.failures = [(429, {"retry-after": "0.01"}), (500, {"retry-after": "0"})]
    assert write(open_remote()) == ANSWER
    assert len(server.requests) == 3


def test_pauses_grow_where_the_server_names_none(open_remote: Open, server: ProviderServer) -> None:
    server.failures = [(503, {}), (529, {})]
    started = time.monotonic()
    assert write(open_remote()) == ANSWER
    assert 1.5 <= time.monotonic() - started < 10


def test_a_busy_server_s_own_time_is_told(open_remote: Open, server: ProviderServer) -> None:
    server.failures = [(429, {"retry-after": "77"})]
    with pytest.raises(GeneratorBusyError, match="try again later") as caught:
        write(open_remote())
    assert caught.value.retry_after_s == 77
    assert len(server.requests) == 1


def test_attempts_end(open_remote: Open, server: ProviderServer) -> None:
    server.failures = [(500, {"retry-after": "0"})] * 5
    with pytest.raises(GenerationError, match="failed; ask again"):
        write(open_remote(attempts=2))
    assert len(server.requests) == 2


def test_an_unreachable_server_is_said(open_remote: Open, server: ProviderServer) -> None:
    with pytest.raises(GenerationError, match="cannot be reached"):
        write(open_remote(base_url="http://127.0.0.1:9/v1", attempts=1))


@pytest.mark.parametrize(
    ("behaviour", "kind", "says"),
    [
        ("unknown model", ProviderError, "models.remote.model"),
        ("too long", ContextTooLongError, "models.remote.context_tokens"),
        ("redirect", ProviderError, "does not follow"),
        ("filtered", ProviderError, "content filter"),
        ("cut", GenerationError, "broke off"),
        ("quiet end", GenerationError, "broke off"),
        ("malformed", GenerationError, "not what such a server answers"),
        ("nonsense", GenerationError, "not what such a server answers"),
        ("flood", GenerationError, "more than 8 MiB"),
        ("huge error", GenerationError, "more than 8 MiB"),
        ("hang", GenerationError, "silence_timeout_s"),
        ("trickle", GenerationError, "answer_timeout_s"),
    ],
)
def test_failure_is_told_once_with_what_to_do(
    open_remote: Open,
    server: ProviderServer,
    behaviour: str,
    kind: type[ModelError],
    says: str,
) -> None:
    server.behaviour = behaviour
    generator = open_remote(silence_timeout_s=0.5, answer_timeout_s=0.8)
    with pytest.raises(kind, match=says):
        write(generator)
    assert len(server.requests) == 1  # none of these is asked again
    server.behaviour = "right"
    assert write(generator) == ANSWER


def test_closing_the_iterator_closes_the_connection(
    open_remote: Open, server: ProviderServer
) -> None:
    server.behaviour = "endless"
    pieces = open_remote().stream_text(QUESTION, max_new_tokens=24)
    assert next(pieces) == "The"
    server.dropped.clear()
    pieces.close()  # type: ignore[attr-defined]
    assert server.dropped.wait(5)


def test_cancelling_wakes_an_answer_that_waits_for_its_server(
    open_remote: Open, server: ProviderServer
) -> None:
    server.behaviour = "hang"
    generator = open_remote()
    ticket = generator.reserve()
    threading.Timer(0.3, ticket.cancel).start()
    started = time.monotonic()
    with pytest.raises(GenerationError, match="cancelled"):
        write(generator, ticket=ticket)
    assert time.monotonic() - started < 10


def test_deadline_of_a_ticket_holds(open_remote: Open, server: ProviderServer) -> None:
    server.behaviour = "trickle"
    generator = open_remote()
    started = time.monotonic()
    with pytest.raises(GenerationError, match="in time"):
        write(generator, ticket=generator.reserve(deadline_s=0.4))
    assert time.monotonic() - started < 10


def test_too_long_a_prompt_is_not_sent(open_remote: Open, server: ProviderServer) -> None:
    generator = open_remote(context_tokens=1024)
    with pytest.raises(ContextTooLongError, match="1024"):
        generator.stream_text([HumanMessage("word " * 2000)], max_new_tokens=24)
    assert server.requests == []


def test_guides_are_refused_at_once(open_remote: Open, server: ProviderServer) -> None:
    with pytest.raises(GenerationError, match="guide"):
        open_remote().stream_text(QUESTION, max_new_tokens=9, guide=Guide("regex", "a+"))
    assert server.requests == []


def test_many_answers_at_once_stay_apart(open_remote: Open, server: ProviderServer) -> None:
    server.say = lambda prompt: prompt
    generator = open_remote()
    answers: dict[int, str] = {}

    def ask(number: int) -> None:
        asked = [SystemMessage("Repeat."), HumanMessage(f"This is number {number} of them all.")]
        answers[number] = "".join(generator.stream_text(asked, max_new_tokens=24))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert all(f"number {number} of" in answer for number, answer in answers.items())


def test_key_appears_in_no_log_message_or_traceback(
    open_remote: Open, server: ProviderServer, caplog: pytest.LogCaptureFixture
) -> None:
    secret, question = "sk-hidden-4711", [HumanMessage("The private question of Mrs Lefèvre.")]
    with caplog.at_level(logging.DEBUG):
        generator = open_remote(api_key=secret)
        with pytest.raises(ProviderError, match="refuses the key") as caught:
            list(generator.stream_text(question, max_new_tokens=9))
    assert server.requests[-1].headers.get("x-api-key") == secret or server.requests[-1].headers[
        "authorization"
    ].endswith(secret)
    shown = io.StringIO()
    traceback.print_exception(caught.value, file=shown)
    settings = RemoteSettings(api_key=secret)  # type: ignore[arg-type]
    everything = [caplog.text, shown.getvalue(), repr(generator), str(caught.value), repr(settings)]
    everything += [settings.model_dump_json(), repr(generator._open)]
    assert caplog.records
    for text in everything:
        assert secret not in text
        assert "Lefèvre" not in text


def test_estimate_is_not_below_what_a_vocabulary_makes_of_the_examples(
    model_directory: Path,
) -> None:
    from tokenizers import Tokenizer

    files = sorted((Path(__file__).parents[2] / "examples").rglob("*.md"))
    (vocabulary,) = (model_directory / "smollm2-135m-instruct").rglob("tokenizer.json")
    tokenizer = Tokenizer.from_file(str(vocabulary))
    assert len(files) > 10
    for file in files:
        text = file.read_text(encoding="utf-8")
        counted = len(tokenizer.encode(text, add_special_tokens=False).ids)
        assert counted <= estimate_tokens(text) <= 2 * counted, file.name


def test_offline_refuses_whatever_the_address(server: ProviderServer) -> None:
    for generator in ("claude-3-haiku", "openai-compatible"):
        settings = ModelSettings(generator=generator, remote=RemoteSettings(base_url=server.url))
        with pytest.raises(OfflineError, match="offline = false"):
            open_generator(settings)


def test_offline_is_the_default_and_the_environment_lifts_it(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}).offline
    assert not load_settings(tmp_path, {"PHILO_OFFLINE": "0"}).offline


@pytest.mark.parametrize(
    ("remote", "says"),
    [
        ({"model": "gpt-x"}, "PHILO_MODELS__REMOTE__API_KEY"),
        ({"model": "gpt-x", "api_key": ""}, "PHILO_MODELS__REMOTE__API_KEY"),
        ({"model": "gpt-x", "api_key": "k\n"}, "line break"),
        ({"api_key": "k"}, "models.remote.model"),
    ],
)
def test_what_is_missing_is_named(remote: dict[str, str], says: str) -> None:
    settings = ModelSettings(
        generator="openai-compatible", remote=RemoteSettings.model_validate(remote)
    )
    with pytest.raises(SettingsError, match=says):
        open_generator(settings, offline=False)


@pytest.mark.parametrize(
    "address",
    [
        "https://api.example.com/v1",
        "http://127.0.0.1:11434/v1",
        "http://[::1]:8000/v1",
        "http://localhost:1234",
        "http://10.1.2.3:8000/v1",
        "http://ollama:11434/v1",
    ],
)
def test_addresses_that_may_be_used(address: str) -> None:
    assert check_address(f"{address}/") == address


@pytest.mark.parametrize(
    "address",
    [
        "http://api.example.com/v1",
        "http://8.8.8.8/v1",
        "http://0.0.0.0/v1",
        "ftp://host/v1",
        "https://",
        "api.example.com",
        "https://user:secret@host/v1",
        "https://host/v1?key=secret",
        "http://127.0.0.1.example.com/v1",
        "http://134744072/v1",
        "http://0x08080808/v1",
    ],
)
def test_addresses_that_are_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"models\.remote\.base_url") as caught:
        load_settings(tmp_path, {"PHILO_MODELS__REMOTE__BASE_URL": address})
    assert "secret" not in str(caught.value)
