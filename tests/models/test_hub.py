"""Pulling from a model hub: the real client against a server of its protocol on this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import ModelDamagedError, ModelFetchError
from assistant.models.catalog import CheckpointSource, HubSource, ModelEntry, find_model
from assistant.models.depot import Depot
from assistant.models.embedders.onnx import OnnxEmbedder
from assistant.models.generators import open_generator
from assistant.models.hub import HubAccess, hub_access
from assistant.models.settings import ModelSettings
from tests.models.hub_server import COMMIT, Hub, serve_hub

ENTRY = find_model("phi-3-mini-4k-cpu-int4")
FOLDER = "cpu_and_mobile/cpu-int4-rtn-block-32-acc-level-4"
REPOSITORY = "microsoft/Phi-3-mini-4k-instruct-onnx"
MODEL = "phi3-mini-4k-instruct-cpu-int4-rtn-block-32-acc-level-4.onnx"
WEIGHTS = f"{FOLDER}/{MODEL}.data"
TOKEN = "hf_0123456789secret"
MIB = 2**20

CONFIG = {
    "model": {
        "type": "phi3",
        "context_length": 4096,
        "decoder": {
            "filename": MODEL,
            "num_hidden_layers": 32,
            "num_key_value_heads": 32,
            "head_size": 96,
        },
    }
}


def noise(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - the same in each run


def microsoft_layout() -> dict[str, bytes | Path]:
    """Names and places as in the real repository; small, and the weights are noise."""
    return {
        ".gitattributes": b"*.data filter=lfs",
        "LICENSE": b"MIT License",
        "README.md": b"# Phi-3",
        "config.json": b"{}",
        f"{FOLDER}/config.json": b"{}",
        f"{FOLDER}/configuration_phi3.py": b"raise SystemExit('code of the hub was run')",
        f"{FOLDER}/genai_config.json": json.dumps(CONFIG).encode(),
        f"{FOLDER}/{MODEL}": noise(1, 150_000),
        WEIGHTS: noise(2, 6 * MIB),
        f"{FOLDER}/tokenizer.json": b"{}",
        f"{FOLDER}/tokenizer_config.json": b"{}",
        "cuda/cuda-fp16/genai_config.json": b"{}",
        "cuda/cuda-fp16/tokenizer.json": b"{}",
    }


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve_hub(Hub(REPOSITORY, microsoft_layout())) as served:
        yield served


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(tmp_path / "models")


def pull(depot: Depot, hub: Hub, entry: ModelEntry = ENTRY, token: str | None = None) -> Path:
    return depot.pull(entry, hub=HubAccess(hub.url, token))


def assert_nothing_is_visible(depot: Depot, entry: ModelEntry = ENTRY) -> None:
    assert depot.status(entry) == "missing"
    left = {path.name for path in depot.path(entry).parent.iterdir()}
    assert left <= {".lock", f".fetching-{entry.revision}"}


def test_a_ready_folder_is_pulled_whole_without_code_and_with_its_licence(
    depot: Depot, hub: Hub
) -> None:
    told: list[str] = []
    moved: list[tuple[int, int]] = []
    folder = depot.pull(
        ENTRY, told.append, hub=HubAccess(hub.url), meter=lambda *now: moved.append(now)
    )
    expected = {
        "LICENSE",
        "config.json",
        "genai_config.json",
        MODEL,
        f"{MODEL}.data",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert {path.name for path in folder.iterdir()} == expected | {"manifest.json"}
    assert (folder / f"{MODEL}.data").read_bytes() == hub.content(WEIGHTS)
    manifest = depot.manifest(ENTRY)
    assert manifest.origin["commit"] == COMMIT
    assert (
        manifest.files[MODEL].sha256 == hashlib.sha256(hub.content(f"{FOLDER}/{MODEL}")).hexdigest()
    )
    assert depot.status(ENTRY) == "ready"
    assert {path.name for path in folder.parent.iterdir()} == {".lock", ENTRY.revision}
    assert told[0].startswith(f"{ENTRY.id}: fetching {REPOSITORY}")
    assert moved[-1] == (moved[-1][1], manifest.size_bytes)


def test_a_pull_asks_for_the_repository_and_nothing_else(depot: Depot, hub: Hub) -> None:
    pull(depot, hub)
    assert hub.seen
    for _, path, *_ in hub.seen:
        assert path.startswith((f"/api/models/{REPOSITORY}/", f"/{REPOSITORY}/", f"/{FOLDER}/"))


def test_a_cut_connection_is_taken_up_where_it_broke(depot: Depot, hub: Hub) -> None:
    hub.cut_after = {WEIGHTS: [2 * MIB + 5, 2 * MIB]}
    pull(depot, hub)
    assert depot.status(ENTRY) == "ready"
    assert hub.ranges(WEIGHTS) == [None, f"bytes={2 * MIB}-", f"bytes={4 * MIB}-"]


class StoppedError(Exception):
    pass


def test_a_pull_that_was_ended_goes_on_the_next_time(depot: Depot, hub: Hub) -> None:
    hub.pause_s = 0.25

    def end(done: int, total: int) -> None:
        if done >= 2 * MIB:
            raise StoppedError

    with pytest.raises(StoppedError):
        depot.pull(ENTRY, hub=HubAccess(hub.url), meter=end)
    assert_nothing_is_visible(depot)
    hub.pause_s = 0.0
    hub.seen.clear()
    pull(depot, hub)
    assert depot.status(ENTRY) == "ready"
    (asked,) = hub.ranges(WEIGHTS)
    assert asked is not None
    assert int(asked.removeprefix("bytes=").rstrip("-")) >= MIB
    assert hub.ranges(MODEL) == []  # it was whole already


def test_a_killed_pull_goes_on_the_next_time(depot: Depot, hub: Hub) -> None:
    hub.pause_s = 0.2
    command = [sys.executable, "-c", KILLED, str(depot.directory), hub.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        for line in killed.stdout:
            if int(line) >= 2 * MIB:
                break
        killed.kill()
    assert depot.status(ENTRY) == "missing"
    hub.pause_s = 0.0
    hub.seen.clear()
    pull(depot, hub)
    assert depot.status(ENTRY) == "ready"
    assert hub.ranges(WEIGHTS)
    assert None not in hub.ranges(WEIGHTS)
    assert {path.name for path in depot.path(ENTRY).parent.iterdir()} == {".lock", ENTRY.revision}


KILLED = """
import sys
from pathlib import Path
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.hub import HubAccess
entry = find_model("phi-3-mini-4k-cpu-int4")
Depot(Path(sys.argv[1])).pull(
    entry, hub=HubAccess(sys.argv[2]), meter=lambda done, total: print(done, flush=True)
)
"""


@pytest.mark.parametrize("path", [WEIGHTS, f"{FOLDER}/tokenizer.json"])
def test_bytes_that_the_hub_does_not_state_are_refused(depot: Depot, hub: Hub, path: str) -> None:
    right = hub.content(path)
    hub.wrong = {path: bytes([right[0] ^ 1]) + right[1:]}
    with pytest.raises(ModelFetchError, match=r"did not arrive as .* states it.*was not used"):
        pull(depot, hub)
    assert_nothing_is_visible(depot)
    hub.wrong = {}
    pull(depot, hub)
    assert depot.status(ENTRY) == "ready"


@pytest.mark.parametrize(
    ("token", "gated", "said"),
    [
        (None, False, "does not exist, or the token in HF_TOKEN is not set"),
        ("hf_stale", False, "does not exist, or the token in HF_TOKEN may not read it"),
        (None, True, "accepted its licence.*as HF_TOKEN"),
    ],
)
def test_a_closed_repository_says_what_it_needs(
    depot: Depot, hub: Hub, token: str | None, gated: bool, said: str
) -> None:
    hub.token, hub.gated = TOKEN, gated
    with pytest.raises(ModelFetchError, match=said) as refused:
        pull(depot, hub, token=token)
    assert "hf_stale" not in str(refused.value)
    assert_nothing_is_visible(depot)


def test_the_token_goes_to_the_hub_alone_and_is_written_nowhere(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.token = TOKEN
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_DEBUG", "1")
    monkeypatch.setenv("PHILO_MODELS__DIRECTORY", str(tmp_path / "models"))
    command = [sys.executable, "-m", "assistant.cli", "models", "pull", ENTRY.id, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert TOKEN not in done.stdout + done.stderr
    assert json.loads(done.stdout)["pulled"].keys() == {ENTRY.id}
    asked = [(with_token, storage) for _, _, _, with_token, storage in hub.seen]
    assert set(asked) == {(True, False), (False, True)}
    for path in (tmp_path / "models").rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes()


def test_a_repository_that_is_not_there_is_named(depot: Depot, hub: Hub) -> None:
    entry = dataclasses.replace(ENTRY, source=HubSource("microsoft/Phi-9", FOLDER))
    with pytest.raises(ModelFetchError, match="microsoft/Phi-9 does not exist"):
        pull(depot, hub, entry)
    assert_nothing_is_visible(depot, entry)


def test_a_revision_that_is_not_there_is_named(depot: Depot, hub: Hub) -> None:
    entry = dataclasses.replace(ENTRY, source=HubSource(REPOSITORY, FOLDER, revision="v9"))
    with pytest.raises(ModelFetchError, match="has no revision 'v9'"):
        pull(depot, hub, entry)


def test_a_folder_that_was_moved_is_explained(depot: Depot, hub: Hub) -> None:
    entry = dataclasses.replace(ENTRY, source=HubSource(REPOSITORY, "cpu"))
    with pytest.raises(ModelFetchError, match=r"in 'cpu'.*was rearranged"):
        pull(depot, hub, entry)


def test_a_hub_out_of_order_is_reported_with_its_answer(depot: Depot, hub: Hub) -> None:
    hub.status = 418
    with pytest.raises(ModelFetchError, match="answered 418; run the command again"):
        pull(depot, hub)


def test_a_hub_that_is_not_there_points_to_mirror_and_bundle(depot: Depot) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused at once
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ModelFetchError, match=r"models\.hub_endpoint.*import a bundle"):
            depot.pull(ENTRY, hub=HubAccess(address))
    assert_nothing_is_visible(depot)


@pytest.mark.parametrize(
    "name",
    [
        "../../outside.json",
        "/etc/outside.json",
        "a/../../outside.json",
        "..\\..\\outside.json",
        "C:outside.json",
        "outside\n.json",
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_not_followed(
    depot: Depot, hub: Hub, name: str, tmp_path: Path
) -> None:
    hub.lies_about = {f"{FOLDER}/tokenizer.json": f"{FOLDER}/{name}"}
    with pytest.raises(ModelFetchError, match=r"is no plain file name|without tokenizer\.json"):
        pull(depot, hub)
    assert not list(tmp_path.rglob("*outside*"))


def test_the_hub_brings_no_description_or_manifest_of_its_own(depot: Depot, hub: Hub) -> None:
    hub.files[f"{FOLDER}/model.json"] = b"{}"
    hub.files[f"{FOLDER}/manifest.json"] = b"{}"
    pull(depot, hub)
    assert not hub.ranges("model.json")
    assert depot.manifest(ENTRY).id == ENTRY.id


def test_a_model_that_the_disk_cannot_hold_is_refused_beforehand(depot: Depot, hub: Hub) -> None:
    hub.claims = {WEIGHTS: 10**16}
    with pytest.raises(ModelFetchError, match=r"10000000\.0 GB are still to come.*free some space"):
        pull(depot, hub)
    assert not hub.ranges(WEIGHTS)


def test_a_pinned_file_that_differs_is_not_even_fetched(depot: Depot, hub: Hub) -> None:
    source = HubSource(REPOSITORY, FOLDER, sha256={f"{MODEL}.data": "0" * 64})
    with pytest.raises(ModelFetchError, match=r"expected 0{64} as pinned; nothing was fetched"):
        pull(depot, hub, dataclasses.replace(ENTRY, source=source))
    assert not hub.ranges(WEIGHTS)


def test_a_pinned_fingerprint_holds_other_machines_to_the_first_one(
    depot: Depot, hub: Hub, tmp_path: Path
) -> None:
    pull(depot, hub)
    pins = {ENTRY.id: depot.manifest(ENTRY).fingerprint}
    second = Depot(tmp_path / "second", pins)
    pull(second, hub)
    assert second.status(ENTRY) == "ready"
    hub.files[f"{FOLDER}/tokenizer.json"] = b'{"other": 1}'
    third = Depot(tmp_path / "third", pins)
    with pytest.raises(ModelFetchError, match=r"as pinned in models\.pins.*was not used"):
        pull(third, hub)
    assert third.status(ENTRY) == "missing"
    with pytest.raises(ModelDamagedError, match=r"models\.pins"):
        Depot(depot.directory, {ENTRY.id: "0" * 64}).load_path(ENTRY)


def test_two_pulls_at_once_fetch_it_once(depot: Depot, hub: Hub) -> None:
    hub.pause_s = 0.05
    told: list[str] = []
    pulls = [
        threading.Thread(
            target=depot.pull, args=(ENTRY, told.append), kwargs={"hub": HubAccess(hub.url)}
        )
        for _ in range(2)
    ]
    for one in pulls:
        one.start()
    for one in pulls:
        one.join()
    assert hub.ranges(WEIGHTS) == [None]
    assert f"{ENTRY.id}: another pull is at it" in told
    assert told[-1] == f"{ENTRY.id}: already here"


def test_a_checkpoint_is_pulled_and_converted_and_pickles_stay_away(
    depot: Depot, tiny_bert: Path, tiny_entry: ModelEntry
) -> None:
    files: dict[str, bytes | Path] = {path.name: path for path in tiny_bert.iterdir()}
    files["pytorch_model.bin"] = b"pickled"
    source = CheckpointSource("BertModel", "int8", repository="acme/tiny-bert")
    entry = dataclasses.replace(tiny_entry, source=source)
    with serve_hub(Hub("acme/tiny-bert", files)) as hub:
        pull(depot, hub, entry)
        assert not hub.ranges("pytorch_model.bin")
    embedder = OnnxEmbedder(depot.load_path(entry), entry, threads=1)
    assert embedder.encode_query("abc").shape == (32,)
    assert {p.name for p in depot.path(entry).parent.iterdir()} == {".lock", entry.revision}


def test_a_model_of_the_catalogue_is_pulled_and_writes(
    model_directory: Path, tmp_path: Path
) -> None:
    """Laid out like Microsoft's repository; its content is that of the built-in generator."""
    built_in = find_model("smollm2-135m-instruct")
    source = Depot(model_directory).path(built_in)
    config = json.loads((source / "genai_config.json").read_text())
    config["model"]["decoder"]["filename"] = MODEL
    files: dict[str, bytes | Path] = {
        f"{FOLDER}/{path.name}": path for path in source.iterdir() if path.name != "manifest.json"
    }
    files[f"{FOLDER}/{MODEL}"] = files.pop(f"{FOLDER}/model.onnx")
    files[f"{FOLDER}/genai_config.json"] = json.dumps(config).encode()
    depot = Depot(tmp_path / "models")
    with serve_hub(Hub(REPOSITORY, files)) as hub:
        pull(depot, hub)
    generator = open_generator(
        ModelSettings(generator=ENTRY.id, directory=depot.directory, threads=2)
    )
    assert "Berlin" in generator.invoke("What is the capital of Germany?").text
    generator.close()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://hub.example", "no address of a model hub"),
        ("hub.example", "no address of a model hub"),
        ("https://me:pass@hub.example", "leave them out"),
        ("http://hub.example", "in the clear"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused(address: str, said: str) -> None:
    settings = ModelSettings(hub_endpoint=address)
    with pytest.raises(ModelFetchError, match=said) as refused:
        hub_access(settings, {"HF_TOKEN": TOKEN})
    assert TOKEN not in str(refused.value)
    assert "pass" not in str(refused.value).replace("password", "")


def test_the_settings_come_before_the_environment() -> None:
    environ = {"HF_ENDPOINT": "https://b.example/", "HF_TOKEN": TOKEN}
    assert hub_access(ModelSettings(hub_endpoint="https://a.example"), environ).endpoint == (
        "https://a.example"
    )
    access = hub_access(ModelSettings(), environ)
    assert access == HubAccess("https://b.example", TOKEN)
    assert TOKEN not in repr(access)
    assert hub_access(ModelSettings(), {}).endpoint == "https://huggingface.co"
