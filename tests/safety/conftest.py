"""A service with the built-in model over one document, shared by the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.api.rest import create_api
from assistant.assistant import Assistant
from assistant.service import open_assistant
from assistant.settings import Settings, load_settings

TOKEN = "the operator's own"


@pytest.fixture(scope="module")
def settings(tmp_path_factory, model_directory: Path) -> Settings:
    data = tmp_path_factory.mktemp("data")
    environ = {"PHILO_MODELS__DIRECTORY": str(model_directory)}
    return load_settings(data, environ=environ)


@pytest.fixture(scope="module")
def assistant(settings: Settings) -> Iterator[Assistant]:
    with open_assistant(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def api(assistant: Assistant) -> TestClient:
    client = TestClient(create_api(assistant, operator_token=TOKEN), raise_server_exceptions=False)
    text = b"# Leave\n\nIn Dublin each employee has 26 days of leave.\n"
    client.post("/documents", files={"file": ("leave.md", text)}).raise_for_status()
    return client
