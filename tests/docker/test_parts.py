"""What Compose and the chart start, set and probe is there in Philo, and its parts find each other
under the names that they have there."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.main
import uvicorn
import yaml
from starlette.middleware import Middleware

from assistant.access.keys import SecretKey
from assistant.api.guard import OriginGuard
from assistant.assistant import Assistant
from assistant.checks.surroundings import KNOWN
from assistant.cli import app
from assistant.data_directory import RunningService
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.service import open_assistant
from assistant.serving import build_app, open_login
from assistant.settings import load_settings
from tests.docker.conftest import ROOT
from tests.docker.test_chart import RENDER
from ui.client import Connection

BASE = "https://philo.example"
VALUES = {"ingress": {"trustedProxies": ["10.244.0.0/16"]}}
PROBED = re.compile(r"http://127\.0\.0\.1:8501(/\S+)")


@pytest.fixture(scope="module")
def containers(with_tools: Any) -> list[dict[str, Any]]:
    """Those of Philo's own images: `args`, `env` and `probes`."""
    found = []
    for name in ("compose.yaml", "compose.gpu.yaml"):
        services = yaml.safe_load((ROOT / "docker" / name).read_text(encoding="utf-8"))["services"]
        for service, one in services.items():
            if service in ("api", "worker", "page", "models"):
                probe = one.get("healthcheck", {}).get("test", [])
                part = {"args": one.get("command"), "env": one.get("environment") or {}}
                found.append({**part, "probes": probe})
    rendered = json.loads(with_tools(RENDER, json.dumps(VALUES)))
    for text in rendered.values():
        for thing in yaml.safe_load_all(text):
            if thing and thing["kind"] in ("Deployment", "Job"):
                (one,) = thing["spec"]["template"]["spec"]["containers"]
                env = {each["name"]: each["value"] for each in one.get("env", [])}
                probes = [
                    part for key in one if key.endswith("Probe") for part in strings(one[key])
                ]
                found.append({"args": one.get("args"), "env": env, "probes": probes})
    return found


def strings(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for each in tree.values():
            yield from strings(each)
    elif isinstance(tree, list):
        for each in tree:
            yield from strings(each)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an API with a login, which knows itself as `BASE` and has another name."""
    settings = load_settings(
        tmp_path_factory.mktemp("parts"),
        environ={"PHILO_MODELS__GENERATOR": "none", "PHILO_MODELS__READER": "none"},
    )
    with open_assistant(settings, embedder=HashingEmbedder()) as assistant:
        yield from serve(assistant)


def serve(assistant: Assistant) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.2", 0))
    port = listener.getsockname()[1]
    login = open_login(assistant, SecretKey(bytes(range(32))), BASE)
    guard = Middleware(OriginGuard, base_url=BASE, internal_hosts=[f"127.0.0.2:{port}"])
    service = RunningService(url=f"http://127.0.0.1:{port}/api", token="t")
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(assistant, service, None, login, guard), log_level="warning", lifespan="on"
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.2:{port}"
    server.should_exit = True
    thread.join()


def test_every_command_is_one_of_philo(containers: list[dict[str, Any]]) -> None:
    commands = typer.main.get_command(app)
    for one in containers:
        if one["args"] is None:
            continue
        words = [str(word) for word in one["args"]]
        known = commands.commands[words[0]]  # type: ignore[attr-defined]
        if hasattr(known, "commands"):
            known = known.commands[words[1]]
        options = {name for parameter in known.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, words
    assert {one["args"][0] for one in containers if one["args"]} == {
        "serve",
        "worker",
        "ui",
        "models",
    }


def test_every_variable_is_a_setting_or_known(
    containers: list[dict[str, Any]], tmp_path: Path
) -> None:
    for one in containers:
        told = {key: str(value) for key, value in one["env"].items() if key not in KNOWN}
        told = {
            key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
            for key, value in told.items()
            if key != "PHILO_SECRETS"
        }
        load_settings(tmp_path, environ=told)


def test_what_is_probed_answers(containers: list[dict[str, Any]], api: str) -> None:
    paths = {
        found.group(1)
        for one in containers
        for text in one["probes"]
        if (found := PROBED.search(text))
    }
    assert paths == {"/api/live", "/api/ready"}
    port = api.rpartition(":")[2]
    for path in paths:
        answer = httpx.get(api + path, headers={"Host": f"127.0.0.1:{port}"}, trust_env=False)
        assert answer.status_code == 200, answer.text


def test_the_page_reaches_an_api_that_it_knows_by_another_name(api: str) -> None:
    """As http://api:8501, while people know both as one https://philo.example."""
    with Connection(f"{api}/api").http as page:
        assert page.get("/live").status_code == 200
        assert page.get("/me").status_code == 401
        assert page.get("/live", headers={"Host": "elsewhere.example"}).status_code == 403
