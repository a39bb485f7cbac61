import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Philo = Callable[..., Outcome]
PHILO = [sys.executable, "-m", "assistant.cli"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def philo(data: Path, model_directory: Path, monkeypatch, capsys) -> Philo:
    """Runs a command as the shell would; quotes answer unless a test chooses a generator."""
    monkeypatch.setenv("PHILO_DATA", str(data))
    monkeypatch.setenv("PHILO_MODELS__DIRECTORY", str(model_directory))
    monkeypatch.setenv("PHILO_MODELS__GENERATOR", "none")

    def run(*arguments: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["philo", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    """Two documents, one in each language."""
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "leave.md").write_text(
        "# Leave policy\n\n## Annual leave\n\nEvery employee in Dublin has 26 days of annual leave "
        "in each calendar year.\n\n## Sick leave\n\nA doctor's certificate is needed from the "
        "fourth day of absence.\n",
        encoding="utf-8",
    )
    (folder / "frais.md").write_text(
        "# Notes de frais\n\n## Délais\n\nLes notes de frais sont remises avant le 5 du mois "
        "suivant.\n\n## Plafonds\n\nLe plafond d'une nuit d'hôtel à Paris est de 160 euros.\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def service(data: Path, model_directory: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    environment = os.environ | {
        "PHILO_DATA": str(data),
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
    }
    process = subprocess.Popen(
        [*PHILO, "up", "--port", "0", "--json"], env=environment, stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert line, "the service ended before it served"
    yield process, json.loads(line)["url"]
    process.kill()
    process.wait()
    process.stdout.close()
