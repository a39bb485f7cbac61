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
def empty_api(settings: Settings) -> Iterator[TestClient]:
    """The API over a real library without documents."""
    with open_assistant(settings) as assistant:
        yield TestClient(create_api(assistant, operator_token=TOKEN), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def api(empty_api: TestClient) -> TestClient:
    """The same with one document, which tests may add to."""
    text = b"# Leave\n\nIn Dublin each employee has 26 days of leave.\n"
    empty_api.post("/documents", files={"file": ("leave.md", text)}).raise_for_status()
    return empty_api


@pytest.fixture(scope="module")
def tokens(api: TestClient) -> dict[str, dict[str, str]]:
    """Headers of a member of the group `board` and of an outsider, who change nothing."""
    operator = {"Authorization": f"Bearer {TOKEN}"}
    shown = {}
    for name, groups in {"member": ["board"], "outsider": []}.items():
        user = {"name": name, "groups": groups}
        api.post("/users", json=user, headers=operator).raise_for_status()
        made = api.post("/tokens", json={"user": name}, headers=operator).json()
        shown[name] = {"Authorization": f"Bearer {made['secret']}"}
    return shown
