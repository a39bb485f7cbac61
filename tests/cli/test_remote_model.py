"""A remote model answers from the documents, when offline mode is lifted."""

from collections.abc import Iterator

import pytest

from tests.models.provider_server import ProviderServer, serve_provider

KEY = "right-key"


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def server(philo, provider, data, monkeypatch) -> Iterator[ProviderServer]:
    """It quotes a sentence where its prompt holds it; the settings name it."""
    monkeypatch.delenv("PHILO_MODELS__GENERATOR")
    monkeypatch.setenv("PHILO_MODELS__REMOTE__API_KEY", KEY)
    monkeypatch.setenv("PHILO_OFFLINE", "0")
    generator = {"openai": "openai-compatible", "anthropic": "claude-3-haiku"}[provider]
    with serve_provider() as served:
        served.say = lambda prompt: (
            "Every employee in Dublin has 26 days of annual leave in each calendar year [1]."
            if "26 days" in prompt
            else "Not in the documents."
        )
        data.mkdir(mode=0o700)
        (data / "philo.toml").write_text(
            f'[models]\ngenerator = "{generator}"\n'
            f'[models.remote]\nbase_url = "{served.url}"\nmodel = "tiny-1"\n'
        )
        yield served


def test_it_answers_with_citations(server, philo, provider, handbook, monkeypatch):
    assert philo("ingest", handbook, "--json").json["added"] == 2
    question = "How many days of annual leave do employees in Dublin have?"
    answer = philo("ask", question, "--json").json
    assert answer["model"] == f"{provider}/tiny-1"
    assert answer["writer"] == "model"
    assert "26 days" in answer["citations"][0]["quote"]
    assert (
        answer["sentences"][0].items()
        >= {
            "text": "Every employee in Dublin has 26 days of annual leave in each calendar year.",
            "supported": True,
            "citations": [1],
        }.items()
    )
    server.failures = [(401, {})]
    failed = philo("ask", question, "--json")
    assert failed.code == 1
    assert failed.json["error"]["type"] == "ProviderError"
    assert KEY not in failed.out + failed.err
    monkeypatch.setenv("PHILO_OFFLINE", "1")
    asked = len(server.requests)
    assert philo("ask", question, "--json").json["error"]["type"] == "OfflineError"
    assert philo("search", question).code == 0, "what writes nothing works without a generator"
    assert philo("documents", "list").code == 0
    assert len(server.requests) == asked


def test_list_and_doctor_say_who_answers(server, philo, provider, monkeypatch):
    named = f"{provider}/tiny-1 at {server.url.split('/')[2]}"
    assert philo("models", "list", "--json").json["answers"] == named
    checks = philo("doctor", "--json").json["checks"]
    assert any(check["ok"] and named in check["finding"] for check in checks)
    monkeypatch.setenv("PHILO_OFFLINE", "1")
    doubtful = [check for check in philo("doctor", "--json").json["checks"] if not check["ok"]]
    assert ["offline = false" in check["advice"] for check in doubtful] == [True]
    assert server.requests == []
