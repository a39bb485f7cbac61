"""One installation for all tests of a module: each goes on from the one before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.installation import Installation, installed
from tests.servers.postgres import PostgresServer


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory,
    model_directory: Path,
    mortal_postgres: PostgresServer,
    patience_s: float,
) -> Iterator[Installation]:
    """The module says in `patience_s` how long it may take until all is right again."""
    folder = tmp_path_factory.mktemp("faults")
    with installed(folder, model_directory, mortal_postgres, patience_s=patience_s) as made:
        yield made
