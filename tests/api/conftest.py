from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.api.rest import create_api
from assistant.service import open_assistant
from assistant.settings import Settings, load_settings

TOKEN = "the operator's own"


@pytest.fixture(scope="module")
def settings(tmp_path_factory, model_directory: Path) -> Settings:
    data = tmp_path_factory.mktemp("data")
    return load_settings(
        data,
        environ={
            "PHILO_MODELS__DIRECTORY": str(model_directory),
            "PHILO_MODELS__GENERATOR": "none",
            "PHILO_INGEST__MAX_FILE_BYTES": "200000",
        },
    )


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[TestClient]:
    """The API over a real library with one document, which tests may add to."""
    with open_assistant(settings) as assistant:
        client = TestClient(
            create_api(assistant, operator_token=TOKEN), raise_server_exceptions=False
        )
        text = b"# Leave\n\nIn Dublin each employee has 26 days of leave.\n"
        client.post("/documents", files={"file": ("leave.md", text)}).raise_for_status()
        yield client
