"""compose.yaml: parsed by the specification's rules, and held to what docs/company.md says."""

import json
import os
import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.docker.conftest import ROOT

PARSE = """
import sys
from compose_spec import PyCompose
print(*sorted(PyCompose.from_json(sys.stdin.read()).service_names()))
"""


def read(name: str) -> dict[str, Any]:
    """With defaults in the place of variables."""
    text = (ROOT / "docker" / name).read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return document


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return read("compose.yaml")


def test_both_files_are_valid_and_a_wrong_one_is_not(with_tools):
    base, gpu = read("compose.yaml"), read("compose.gpu.yaml")
    assert with_tools(PARSE, json.dumps(base)).split() == sorted(base["services"])
    assert with_tools(PARSE, json.dumps(gpu)).split() == sorted(gpu["services"])
    assert set(gpu["services"]) <= set(base["services"])
    base["services"]["api"]["prots"] = []
    with pytest.raises(AssertionError, match="prots"):
        with_tools(PARSE, json.dumps(base))


def test_only_the_proxy_can_be_reached_and_nothing_with_documents_can_reach_out(compose):
    services = compose["services"]
    assert [name for name, one in services.items() if "ports" in one] == ["proxy"]
    inner = {name for name, network in compose["networks"].items() if network.get("internal")}
    outer = {name for name, one in services.items() if not set(one["networks"]) <= inner}
    assert outer == {"proxy", "models"}
    assert not any("data:" in volume for volume in services["models"]["volumes"])
    on_back = {name for name, one in services.items() if "back" in one["networks"]}
    assert on_back == {"api", "worker", "chroma", "postgres"}


def test_each_service_is_confined_bounded_and_of_a_named_version(compose):
    for name, one in compose["services"].items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert int(one["user"].split(":")[0]) > 0, name
        assert {"cpus", "memory"} <= set(one["deploy"]["resources"]["limits"]), name
        assert "pids_limit" in one, name
        assert re.search(r":\d+\.\d+", one["image"]), name
        assert "privileged" not in one, name
        assert "healthcheck" in one or name in {"models", "worker"}, name


def test_nothing_starts_before_what_it_needs_is_healthy(compose):
    services = compose["services"]
    for name, one in services.items():
        for needed, how in one.get("depends_on", {}).items():
            done = "service_completed_successfully"
            assert how["condition"] == (done if needed == "models" else "service_healthy"), name
            assert needed == "models" or "healthcheck" in services[needed]
    assert set(services["api"]["depends_on"]) == {"postgres", "chroma", "models"}


def test_secrets_come_as_files_and_stand_in_no_variable(compose):
    for name, one in compose["services"].items():
        environment = one.get("environment", {})
        for variable, value in environment.items():
            asked = re.search(r"PASSWORD|KEY|TOKEN|DATABASE", variable)
            assert not asked or str(value).startswith("/run/secrets/"), (name, variable)
        assert set(one.get("secrets", [])) <= set(compose["secrets"]), name


def test_the_script_makes_every_secret_once_and_for_its_owner_alone(compose, tmp_path):
    folder = tmp_path / "docker"
    folder.mkdir()
    script = folder / "make_secrets.sh"
    script.write_bytes((ROOT / "docker/make_secrets.sh").read_bytes())
    run = ["sh", str(script), "philo.example"]
    subprocess.run(run, check=True, capture_output=True)
    secrets = folder / "secrets"
    first = {path.name: path.read_text() for path in secrets.iterdir()}
    assert set(first) == set(compose["secrets"])
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert first["postgres_password"].strip() in first["storage__database"]
    assert len(bytes.fromhex(first["access__secret_key"].strip())) == 32
    assert not first["storage__database"].endswith("\n")
    subprocess.run(run, check=True, capture_output=True)
    assert {path.name: path.read_text() for path in secrets.iterdir()} == first
    assert subprocess.run(["sh", str(script)], capture_output=True).returncode != 0
    ignored = subprocess.run(
        ["git", "check-ignore", "docker/secrets/tls_key"], cwd=ROOT, capture_output=True
    )
    assert ignored.returncode == 0


def test_what_the_secret_files_say_are_settings_of_philo(compose, tmp_path):
    from assistant.settings import load_settings

    for name in compose["services"]["api"]["secrets"]:
        value = (
            "postgresql://philo:x@postgres/philo" if "database" in name else os.urandom(32).hex()
        )
        (tmp_path / name).write_text(value)
    variables = {
        **compose["services"]["api"]["environment"],
        **read("compose.gpu.yaml")["services"]["api"]["environment"],
        "PHILO_SECRETS": str(tmp_path),
    }
    settings = load_settings(tmp_path / "data", environ=variables)
    assert settings.access.secret_key is not None
    assert settings.access.base_url == "https://localhost"
    assert settings.storage.database is not None
    assert settings.storage.chroma.address == "http://chroma:8000"


def test_the_page_is_given_the_api_and_no_secret_and_the_api_knows_it_by_that_name(compose):
    from urllib.parse import urlsplit

    from assistant.settings import load_settings

    page, api = compose["services"]["page"], compose["services"]["api"]
    assert "secrets" not in page
    settings = load_settings(environ={**api["environment"], "PHILO_SECRETS": ""})
    assert urlsplit(page["environment"]["PHILO_API"]).netloc in settings.access.internal_hosts
