"""The images: their Dockerfiles are linted, and their steps done here without an engine."""

import json
import os
import re
import signal
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest

from tests.docker.conftest import ROOT, confine, give_to_user

FILES = ("Dockerfile", "Dockerfile.gpu")
NOTE = "# Travel\n\nClaims are entered within 30 days of the end of the trip.\n"
HEALTHCHECK = ROOT / "docker/healthcheck.py"


def lint(tools: Path, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tools / "bin" / "hadolint", "-"], input=text, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", FILES)
def test_hadolint_finds_nothing(tools, name):
    done = lint(tools, (ROOT / "docker" / name).read_text())
    assert done.returncode == 0, done.stdout
    assert lint(tools, "FROM debian\nRUN cd /tmp && apt-get install git\n").returncode == 1


@pytest.mark.parametrize("name", FILES)
def test_the_image_runs_as_nobody_from_hashed_files_and_a_versioned_base(name):
    text = (ROOT / "docker" / name).read_text()
    last = text[text.rindex("\nFROM ") :] if name.endswith("gpu") else text
    assert "USER 10001:10001" in last
    assert "HEALTHCHECK" in last
    for base in re.findall(r"^ARG \w+=(\S+)$", text, re.MULTILINE):
        assert re.search(r":\d+\.\d+\.\d+", base), base
    for install in re.findall(r"pip install (?:[^&\n]|\\\n)*", text):
        assert "--require-hashes" in install or "--no-index" in install, install
    assert not re.search(r"(?i)(password|secret|token|api_?key)\s*=", text)


def test_only_sources_and_locks_reach_the_builder():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert all((ROOT / path).exists() for path in let_in)
    for name in FILES:
        copied = re.findall(r"^COPY (?!--from)(.*)$", (ROOT / "docker" / name).read_text(), re.M)
        for line in copied:
            *sources, _ = [part for part in line.split() if not part.startswith("--")]
            assert all(
                any(one == way or one.startswith(f"{way}/") for way in let_in) for one in sources
            ), line


def test_two_builds_of_the_wheel_are_the_same_to_the_byte(wheel, build_wheel):
    assert build_wheel().read_bytes() == wheel.read_bytes()


def test_the_image_serves_as_another_user_with_nothing_to_write_but_its_volumes(
    installed, model_directory, tmp_path
):
    data = give_to_user(tmp_path / "data")
    scratch = give_to_user(tmp_path / "tmp")
    packages = Path(np.__file__).parents[1]
    python = Path(sys.base_prefix)
    needed = [installed.parent, packages, python, model_directory, HEALTHCHECK.parent]
    note = data / "travel.md"
    note.write_text(NOTE)
    environ = {
        "PATH": f"{installed}:{os.environ['PATH']}",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PHILO_DATA": str(data),
        "PHILO_MODELS__DIRECTORY": str(model_directory),
    }

    def run(*command: str | Path, expect: int = 0) -> str:
        done = subprocess.run(
            confine(command, needed, [data, scratch]), env=environ, capture_output=True, text=True
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    tried = "import os, pathlib; print(os.getuid(), os.getgroups()); pathlib.Path(%r).touch()"
    refused = [str(installed / "x"), str(model_directory / "x"), "/usr/x", "/tmp/x"]  # noqa: S108
    for path in refused:
        run("python", "-c", tried % path, expect=1)
        assert not Path(path).exists()
    assert run("python", "-c", tried % str(data / "x")).split() == ["10001", "[]"]

    serve = ["philo", "serve", "--host", "127.0.0.1", "--port", "0", "--json"]
    with subprocess.Popen(
        confine(serve, needed, [data, scratch]), env=environ, stdout=subprocess.PIPE, text=True
    ) as served:
        try:
            assert served.stdout is not None
            url = json.loads(served.stdout.readline())["url"]
            run("python", HEALTHCHECK, f"{url}/api/live")
            report = json.loads(run("philo", "ingest", str(note), "--json"))
            assert (report["added"], report["failed"]) == (1, [])
            answer = json.loads(run("philo", "ask", "How soon are claims entered?", "--json"))
            assert "30 days" in answer["answer"]
        finally:
            served.terminate()
    assert served.returncode in {0, 128 + signal.SIGTERM}
    run("python", HEALTHCHECK, f"{url}/api/live", expect=1)


def test_the_health_check_asks_this_container_only():
    for asked in ([], ["http://169.254.169.254/latest"], ["http://127.0.0.1:1/", "x"]):
        done = subprocess.run([sys.executable, HEALTHCHECK, *asked], capture_output=True, text=True)
        assert done.returncode == 1
        assert "healthcheck:" in done.stderr


@pytest.mark.long
def test_the_image_is_installed_from_its_lock_and_answers(wheel, model_directory, tmp_path):
    venv.create(tmp_path / "philo", with_pip=True, symlinks=True)
    python = tmp_path / "philo/bin/python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps"]
    hashed = ["--only-binary", ":all:", "--require-hashes", "-r", ROOT / "docker/locks/service.txt"]
    subprocess.run([*install, *hashed], check=True)
    subprocess.run([*install, "--no-index", wheel], check=True)
    found = subprocess.run(
        [python, "-m", "pip", "list", "--format", "json"], check=True, capture_output=True
    )
    assert not {"torch", "transformers"} & {one["name"] for one in json.loads(found.stdout)}
    (tmp_path / "travel.md").write_text(NOTE)
    environ = {
        "PATH": os.environ["PATH"],
        "PHILO_DATA": str(tmp_path / "data"),
        "PHILO_MODELS__DIRECTORY": str(model_directory),
    }
    for command in (["ingest", tmp_path / "travel.md"], ["ask", "How soon are claims entered?"]):
        done = subprocess.run(
            [tmp_path / "philo/bin/philo", *command], env=environ, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert "30 days" in done.stdout
