from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import EVERYONE, Readable

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory, model_directory: Path) -> Iterator[Assistant]:
    """Over the two example papers, with the real embedder; nobody writes but the documents."""
    environ = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
    }
    settings = load_settings(tmp_path_factory.mktemp("data"), environ=environ)
    with open_assistant(settings) as opened:
        opened.ingestor.ingest([str(EXAMPLES / "papers")])
        yield opened


@pytest.fixture
def everyone() -> Readable:
    return Readable(groups=frozenset({EVERYONE}))
