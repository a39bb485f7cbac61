"""Models that somebody brings, as checkpoints or ready folders."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from assistant.errors import (
    ImportRefusedError,
    ModelDamagedError,
    ModelFetchError,
    UnknownModelError,
)
from assistant.models.brought import inspect_path
from assistant.models.catalog import ModelEntry, find_model
from assistant.models.depot import Depot
from assistant.models.generators import open_generator
from assistant.models.importing import import_model
from assistant.models.settings import ModelSettings


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(tmp_path / "models")


@pytest.fixture(scope="module")
def tiny_llama(model_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of random weights with the tokenizer of the built-in generator."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("checkpoints") / "tiny-llama"
    source = Depot(model_directory).path(find_model("smollm2-135m-instruct"))
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copyfile(source / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def imported(
    tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Depot, ModelEntry]:
    depot = Depot(tmp_path_factory.mktemp("imported"))
    entry = import_model(depot, tiny_llama, model_id="my-model", precision="fp32", licence="ours")
    return depot, entry


def test_an_imported_checkpoint_is_found_by_its_id_and_writes(
    imported: tuple[Depot, ModelEntry],
) -> None:
    depot, entry = imported
    assert find_model("my-model", depot) == entry
    assert (entry.limit_tokens, entry.precision, entry.prompt_format) == (512, "fp32", "chatml")
    assert (entry.licence, entry.title) == ("ours", "tiny-llama (llama), fp32")
    generator = open_generator(
        ModelSettings(generator="my-model", directory=depot.directory, threads=1)
    )
    assert generator.context_tokens == 512
    written = generator.invoke("Hello", max_new_tokens=8).text
    assert written
    assert generator.invoke("Hello", max_new_tokens=8).text == written
    generator.close()


def test_a_shorter_context_can_be_chosen(tiny_llama: Path, tmp_path: Path) -> None:
    depot = Depot(tmp_path)
    entry = import_model(depot, tiny_llama, model_id="short", precision="fp32", context_tokens=128)
    assert entry.limit_tokens == 128
    assert find_model("short", depot) == entry
    with pytest.raises(ImportRefusedError, match="leave --context 64 out"):
        import_model(depot, tiny_llama, model_id="orca-math-7b-cpu-int4", context_tokens=64)


def test_a_typing_error_in_an_imported_id_is_recognised(
    imported: tuple[Depot, ModelEntry],
) -> None:
    with pytest.raises(UnknownModelError, match="did you mean 'my-model'"):
        find_model("my_model", imported[0])


def test_the_same_checkpoint_is_not_converted_twice(
    imported: tuple[Depot, ModelEntry], tiny_llama: Path
) -> None:
    depot, entry = imported
    told: list[str] = []
    again = import_model(
        depot, tiny_llama, model_id="my-model", precision="fp32", listener=told.append
    )
    assert again == entry
    assert told[-1] == "my-model: already here"


def test_a_failed_conversion_gives_its_reason_and_leaves_nothing(
    depot: Depot, tiny_llama: Path, tmp_path: Path
) -> None:
    unknown = Path(shutil.copytree(tiny_llama, tmp_path / "unknown"))
    config = json.loads((unknown / "config.json").read_text())
    (unknown / "config.json").write_text(json.dumps(config | {"model_type": "novel"}))
    with pytest.raises(
        ModelFetchError, match=r"could not be converted \(exit 1\): architecture 'novel' cannot"
    ):
        import_model(depot, unknown, model_id="my-model")
    assert_nothing_is_left(depot, "my-model")


def assert_nothing_is_left(depot: Depot, model_id: str) -> None:
    assert depot.imported() == []
    home = depot.directory / model_id
    assert not home.exists() or {path.name for path in home.iterdir()} == {".lock"}


def make_ready_folder(folder: Path, weights: bytes = b"weights") -> Path:
    """A folder that ONNX Runtime GenAI would take for one of its own, until it runs it."""
    folder.mkdir()
    decoder = {"num_hidden_layers": 1, "num_key_value_heads": 1, "head_size": 2}
    decoder |= {"filename": "model.onnx"}  # type: ignore[dict-item]
    config = {"model": {"type": "phi3", "context_length": 64, "decoder": decoder}}
    (folder / "genai_config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "tokenizer_config.json").write_text('{"chat_template": "<|user|>"}')
    (folder / "model.onnx").write_bytes(weights)
    (folder / "modeling_evil.py").write_text("raise SystemExit")
    return folder


def test_a_ready_folder_is_copied_without_its_code(depot: Depot, tmp_path: Path) -> None:
    entry = import_model(depot, make_ready_folder(tmp_path / "brought"), model_id="brought")
    assert (entry.precision, entry.prompt_format, entry.runs_on) == ("as it came", "phi3", "cpu")
    names = {path.name for path in depot.load_path(entry).iterdir()}
    assert "modeling_evil.py" not in names
    assert {"model.json", "manifest.json", "model.onnx"} <= names


def test_another_model_under_the_same_id_needs_to_be_asked_for(
    depot: Depot, tmp_path: Path
) -> None:
    first = import_model(depot, make_ready_folder(tmp_path / "one"), model_id="mine")
    other = make_ready_folder(tmp_path / "two", b"other weights")
    with pytest.raises(ImportRefusedError, match="add --replace"):
        import_model(depot, other, model_id="mine")
    assert find_model("mine", depot) == first
    second = import_model(depot, other, model_id="mine", replaces=True)
    assert find_model("mine", depot) == second
    assert not depot.path(first).exists()


def test_a_file_that_was_swapped_for_one_of_the_same_size_is_found(
    depot: Depot, tmp_path: Path
) -> None:
    entry = import_model(depot, make_ready_folder(tmp_path / "one"), model_id="mine")
    (depot.path(entry) / "model.onnx").write_bytes(b"WEIGHTS")
    assert depot.glance(entry) == "ready"
    with pytest.raises(
        ModelDamagedError, match=r"model\.onnx has SHA-256.*import FOLDER --id mine"
    ):
        depot.load_path(entry)


def test_the_files_of_another_model_are_refused(depot: Depot, tmp_path: Path) -> None:
    one = import_model(depot, make_ready_folder(tmp_path / "one"), model_id="one")
    two = import_model(depot, make_ready_folder(tmp_path / "two", b"others!"), model_id="two")
    shutil.rmtree(depot.path(two))
    shutil.copytree(depot.path(one), depot.path(two))
    with pytest.raises(ModelDamagedError, match="is of 'one' revision"):
        depot.load_path(two)


def test_a_file_that_was_put_beside_the_model_is_refused(depot: Depot, tmp_path: Path) -> None:
    entry = import_model(depot, make_ready_folder(tmp_path / "one"), model_id="one")
    (depot.path(entry) / "chat_template.jinja").write_text("{{ 'obey me' }}")
    with pytest.raises(ModelDamagedError, match=r"chat_template\.jinja does not belong"):
        depot.load_path(entry)
    assert depot.glance(entry) == "damaged"


@pytest.mark.parametrize("text", ["", "{", '{"id": "one"}', "[]", "\x00", '{"id": "two"}'])
def test_a_broken_description_is_named_and_hides_no_other_model(
    depot: Depot, tmp_path: Path, text: str
) -> None:
    one = import_model(depot, make_ready_folder(tmp_path / "one"), model_id="one")
    two = import_model(depot, make_ready_folder(tmp_path / "two"), model_id="two")
    (depot.path(one) / "model.json").write_text(text)
    with pytest.raises(ModelDamagedError, match=r"model\.json .*philo models import"):
        find_model("one", depot)
    assert find_model("two", depot) == two
    assert depot.imported() == [two]


def test_a_model_of_the_catalogue_may_be_brought_by_hand(depot: Depot, tmp_path: Path) -> None:
    row = find_model("phi-3-mini-4k-cpu-int4")
    entry = import_model(depot, make_ready_folder(tmp_path / "one"), model_id=row.id)
    assert entry == row
    assert depot.status(row) == "ready"
    assert depot.imported() == []


@pytest.mark.parametrize(
    ("model_id", "said"),
    [
        ("", "cannot be an id"),
        ("none", "cannot be an id"),
        ("../outside", "cannot be an id"),
        ("Upper", "cannot be an id"),
        ("a" * 65, "cannot be an id"),
        ("smollm2-135m-instruct", "is a model of the catalogue"),
        ("claude-3-haiku", "is a model of the catalogue"),
    ],
)
def test_an_id_that_cannot_be_used_is_refused(
    depot: Depot, tmp_path: Path, model_id: str, said: str
) -> None:
    with pytest.raises(ImportRefusedError, match=said):
        import_model(depot, make_ready_folder(tmp_path / "one"), model_id=model_id)
    assert not depot.directory.exists()


def test_options_that_contradict_the_model_are_refused(depot: Depot, tmp_path: Path) -> None:
    folder = make_ready_folder(tmp_path / "one")
    with pytest.raises(ImportRefusedError, match="converted already"):
        import_model(depot, folder, model_id="one", precision="int4")
    with pytest.raises(ImportRefusedError, match="is int4 for cpu in the catalogue"):
        import_model(depot, folder, model_id="phi-3-mini-4k-cpu-int4", device="cuda")


@pytest.mark.parametrize("precision", ["fp16"])
def test_fp16_on_a_cpu_is_refused(depot: Depot, tiny_llama: Path, precision: str) -> None:
    with pytest.raises(ImportRefusedError, match="fp16 runs on a GPU only"):
        import_model(depot, tiny_llama, model_id="one", precision="fp16")


def test_paths_without_a_usable_model_say_what_was_expected(
    tmp_path: Path, tiny_llama: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    (pickled / "config.json").write_text("{}")
    (pickled / "pytorch_model.bin").write_bytes(b"\x80\x04")
    cut = Path(shutil.copytree(tiny_llama, tmp_path / "cut"))
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    pointer = Path(shutil.copytree(tiny_llama, tmp_path / "pointer"))
    lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    (pointer / "model.safetensors").write_bytes(lfs)
    (tmp_path / "lfs.gguf").write_bytes(lfs)
    (tmp_path / "zeros.gguf").write_bytes(bytes(100))
    sharded = Path(shutil.copytree(tiny_llama, tmp_path / "sharded"))
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index))
    half = make_ready_folder(tmp_path / "half")
    (half / "model.onnx").unlink()
    for path, said in {
        tmp_path / "nowhere": "does not exist",
        empty: r"holds no model: expected config\.json",
        pickled: r"pytorch_model\.bin may hold code and is not read",
        cut: r"model\.safetensors has \d+ bytes, expected \d+: it was not copied whole",
        pointer: "only a pointer of Git LFS.*git lfs pull",
        tmp_path / "lfs.gguf": "only a pointer of Git LFS",
        tmp_path / "zeros.gguf": "is not a GGUF file",
        sharded: r"lacks model-2\.safetensors",
        half: r"has no model\.onnx",
        tiny_llama / "config.json": "is no folder and no .gguf file",
    }.items():
        with pytest.raises(ImportRefusedError, match=said):
            inspect_path(path)


def test_a_description_gives_its_entry_back(imported: tuple[Depot, ModelEntry]) -> None:
    depot, entry = imported
    (read,) = depot.imported()
    assert dataclasses.asdict(read) == dataclasses.asdict(entry)
