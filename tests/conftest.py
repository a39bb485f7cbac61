"""Fixtures of all tests. The built-in models are real: pulled once, then found in the cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.offline import forbid_telemetry

forbid_telemetry()  # before any test module imports a library that would look for its switch

from assistant.models.catalog import ENTRIES  # noqa: E402
from assistant.models.depot import Depot  # noqa: E402
from assistant.settings import ModelSettings  # noqa: E402


@pytest.fixture(scope="session")
def model_directory() -> Path:
    """Where the three built-in models lie, ready to be loaded.

    PHILO_MODELS__DIRECTORY, or the user's cache.
    """
    stated = os.environ.get("PHILO_MODELS__DIRECTORY")
    directory = Path(stated) if stated else ModelSettings().directory
    for entry in ENTRIES:
        Depot(directory).pull(entry)
    return directory
