"""`philo models ...` as a person or a script calls it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.models.catalog import BUILT_IN, ENTRIES, find_model
from assistant.models.depot import Depot
from tests.disks import small_disk
from tests.models.hub_server import Hub, serve_hub
from tests.models.test_hub import ENTRY, REPOSITORY, TOKEN, WEIGHTS, microsoft_layout
from tests.models.test_import import make_ready_folder

MODEL = {"id", "kind", "title", "licence", "languages", "source", "sha256", "limit_tokens"}
MODEL |= {"status", "used", "size_bytes", "prompt_format", "precision", "runs_on", "files", "note"}


@pytest.fixture
def models(tmp_path, monkeypatch, philo) -> Path:
    """An empty directory of models in the settings' place."""
    monkeypatch.setenv("PHILO_MODELS__DIRECTORY", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def hub(monkeypatch) -> Iterator[Hub]:
    with serve_hub(Hub(REPOSITORY, microsoft_layout())) as served:
        monkeypatch.setenv("PHILO_MODELS__HUB_ENDPOINT", served.url)
        yield served


def test_the_list_says_what_each_model_is_and_whether_it_is_here(philo):
    listed = philo("models", "list", "--json").json
    assert all(model.keys() >= MODEL for model in listed["models"])
    assert [model["id"] for model in listed["models"]] == [entry.id for entry in ENTRIES]
    known = {model["id"]: model for model in listed["models"]}
    assert {known[entry.id]["status"] for entry in BUILT_IN} == {"ready"}
    assert all(known["smollm2-135m-instruct"]["files"].values())
    phi = known["phi-3-mini-128k-cpu-int4"]
    assert (phi["limit_tokens"], phi["prompt_format"], phi["runs_on"]) == (131072, "phi3", "cpu")
    assert known["claude-3-haiku"]["status"] == "remote"
    shown = philo("models", "list").out
    assert "phi-3-medium-128k-cuda-fp16" in shown


def test_a_listing_opens_no_weights(philo, model_directory, monkeypatch):
    def refuse(path: Path) -> str:
        raise AssertionError(f"{path} was hashed")

    monkeypatch.setattr("assistant.models.depot.file_sha256", refuse)
    known = {model["id"]: model for model in philo("models", "list", "--json").json["models"]}
    assert known["smollm2-135m-instruct"]["status"] == "ready"


def test_what_the_library_cannot_do_is_said_with_the_way_that_works(philo):
    said = philo("models", "show", "phi-3-small-8k-cuda-int4").out
    assert "only Microsoft's ready CUDA builds work" in said
    assert "take phi-3-medium-4k-cpu-int4" in said
    refused = philo("models", "pull", "orca-math-7b-cpu-int4")
    assert refused.code == 1
    assert "philo models import FOLDER" in refused.err


def test_pull_show_verify_and_a_damaged_file(philo, models, hub):
    pulled = philo("models", "pull", ENTRY.id, "--json")
    assert pulled.code == 0, pulled.err
    shown = philo("models", "show", ENTRY.id, "--json").json
    assert shown["status"] == "ready"
    assert shown["fingerprint"] == Depot(models).manifest(ENTRY).fingerprint
    assert shown["origin"]["commit"]
    assert philo("models", "verify", ENTRY.id, "--json").json == {"verified": [ENTRY.id]}
    weights = Path(shown["folder"]) / Path(WEIGHTS).name
    content = bytearray(weights.read_bytes())
    content[1000] ^= 1
    weights.write_bytes(content)
    verified = philo("models", "verify", ENTRY.id)
    assert verified.code == 1
    assert "has SHA-256" in verified.err
    weights.write_bytes(content[:-1])
    assert philo("models", "show", ENTRY.id, "--json").json["status"] == "damaged"


def test_a_refused_pull_is_explained_without_the_token(philo, models, hub, monkeypatch):
    hub.token = "another"
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    refused = philo("models", "pull", ENTRY.id, "--json")
    assert refused.code == 1
    assert "HF_TOKEN" in refused.json["error"]["message"]
    assert TOKEN not in refused.out + refused.err


def test_import_bundle_and_unbundle_carry_a_model_over(philo, models, tmp_path, monkeypatch):
    folder = make_ready_folder(tmp_path / "ready")
    imported = philo("models", "import", folder, "--id", "mine", "--licence", "ours", "--json")
    assert imported.json["imported"].keys() == {"mine"}
    key, bundle = tmp_path / "key.pem", tmp_path / "mine.philo"
    public = philo("models", "key", key).out.strip()
    made = philo("models", "bundle", bundle, "mine", "--key", key, "--json").json
    assert (made["models"], made["public_key"]) == (["mine"], public)
    monkeypatch.setenv("PHILO_MODELS__DIRECTORY", str(tmp_path / "elsewhere"))
    refused = philo("models", "import", bundle)
    assert refused.code == 1
    assert public in refused.err
    assert "models.trusted_keys" in refused.err
    monkeypatch.setenv("PHILO_MODELS__TRUSTED_KEYS", f"{public}")
    assert philo("models", "import", bundle, "--json").json["imported"].keys() == {"mine"}
    assert philo("models", "unbundle", bundle).code == 0
    listed = philo("models", "list", "--json").json["models"]
    (mine,) = [model for model in listed if model["id"] == "mine"]
    assert (mine["status"], mine["licence"], mine["source_kind"]) == ("ready", "ours", "imported")


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "folder"),
        ("import", "folder", "--id", "x", "--precision", "int3"),
        ("import", "folder", "--id", "x", "--device", "tpu"),
        ("import", "x.philo", "--id", "x"),
        ("bundle", "x.philo"),
    ],
)
def test_wrong_usage_exits_with_2(philo, models, arguments):
    assert philo("models", *arguments).code == 2


def test_an_unknown_model_suggests_the_nearest(philo):
    outcome = philo("models", "pull", "phi-3-mini-4k-int4-cpu")
    assert outcome.code == 1
    assert "did you mean 'phi-3-mini-4k-c" in outcome.err


def test_a_model_that_was_imported_can_be_the_generator_of_the_doctor(
    philo, models, tmp_path, monkeypatch
):
    philo("models", "import", make_ready_folder(tmp_path / "ready"), "--id", "mine")
    monkeypatch.setenv("PHILO_MODELS__GENERATOR", "mine")
    checks = {check["name"]: check for check in philo("doctor", "--json").json["checks"]}
    assert checks["model mine"]["ok"]
    monkeypatch.setenv("PHILO_MODELS__GENERATOR", "mime")
    checks = {check["name"]: check for check in philo("doctor", "--json").json["checks"]}
    assert "did you mean 'mine'" in checks["model mime"]["advice"]


@pytest.fixture
def disk(tmp_path, monkeypatch) -> Iterator[Path]:
    """A directory of models with room for 5 MiB."""
    with small_disk(tmp_path / "disk", "5m") as place:
        monkeypatch.setenv("PHILO_MODELS__DIRECTORY", str(place))
        yield place


def test_a_full_disk_is_said_and_a_larger_one_helps(philo, disk, hub, tmp_path, monkeypatch):
    refused = philo("models", "pull", ENTRY.id)
    assert refused.code == 1
    assert "free some space" in refused.err
    ready = make_ready_folder(tmp_path / "ready", bytes(6 * 2**20))
    refused = philo("models", "import", ready, "--id", "mine")
    assert refused.code == 1
    assert "free some space" in refused.err
    assert not list(disk.rglob("*.onnx*"))
    subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
    assert philo("models", "pull", ENTRY.id).code == 0
    assert philo("models", "import", ready, "--id", "mine").code == 0


def test_a_disk_that_fills_up_in_the_middle_leaves_no_model(philo, disk, hub, monkeypatch):
    """The hub states less than it sends, so that the room is not refused beforehand."""
    hub.claims = {WEIGHTS: 1000}
    refused = philo("models", "pull", ENTRY.id)
    assert refused.code == 1
    assert "the disk is full" in refused.err
    assert Depot(disk).status(ENTRY) == "missing"


def test_a_shared_directory_that_may_not_be_written_serves_and_says_so(
    philo, models, tmp_path, monkeypatch
):
    philo("models", "import", make_ready_folder(tmp_path / "ready"), "--id", "mine")
    mounted = subprocess.run(
        ["mount", "--bind", "-o", "ro", models, models], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")
    try:
        assert philo("models", "verify", "mine").code == 0
        refused = philo("models", "import", tmp_path / "ready", "--id", "other")
        assert refused.code == 1
        assert "make the directory writable" in refused.err
    finally:
        subprocess.run(["umount", "--lazy", models], check=True)


def test_the_built_in_models_keep_their_revisions():
    """What was pulled before the catalogue grew stays valid."""
    assert {entry.id: entry.revision for entry in BUILT_IN} == {
        "smollm2-135m-instruct": "b975651918",
        "multilingual-e5-small": "ddfa2f49ae",
        "multilingual-e5-small-reader": "2e1cec8269",
        "all-minilm-l6-v2": "58a08411da",
    }
    assert find_model("smollm2-135m-instruct") in BUILT_IN
