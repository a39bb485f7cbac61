"""What is refused before a weight is loaded, and the command that imports."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ModelFetchError, NotEnoughMemoryError
from assistant.models.recipes.builder import Device, Precision
from assistant.models.recipes.checkpoint import convert
from assistant.models.recipes.room import require_disk, require_memory
from assistant.offline import SWITCHES
from tests.models.tiny_checkpoints import LONG, write_checkpoint, write_tokenizer


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("whole"), "llama")


def write_tiny(folder: Path, name: str) -> Path:
    write_checkpoint(folder, name, seed=1, spread=0.1)
    write_tokenizer(folder)
    return folder


@pytest.fixture
def source(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "source")


def refuse(
    source: Path,
    pattern: str,
    *,
    precision: Precision = "int8",
    device: Device = "cpu",
    context_tokens: int | None = None,
) -> None:
    target = source.parent / "target"
    with pytest.raises(ModelFetchError, match=pattern):
        convert(source, target, precision=precision, device=device, context_tokens=context_tokens)
    assert not target.exists() or not list(target.iterdir())


def change(source: Path, **stated: Any) -> None:
    path = source / "config.json"
    config = json.loads(path.read_text()) | stated
    path.write_text(json.dumps(config))


def test_unsupported_architecture_is_named_with_those_that_are(source: Path) -> None:
    change(source, model_type="mamba", architectures=["MambaForCausalLM"])
    refuse(source, r"'mamba' cannot be imported.*phi3 \(Phi-3 mini and medium.*qwen3")


def test_phi3_small_is_refused_with_the_way_that_works(source: Path) -> None:
    change(source, model_type="phi3small", architectures=["Phi3SmallForCausalLM"])
    refuse(source, r"'phi3small'.*CUDA only; pull Microsoft's ready model.*philo models list")


def test_encoder_is_not_taken_for_a_generator(source: Path) -> None:
    change(source, architectures=["LlamaForSequenceClassification"])
    refuse(source, r"LlamaForSequenceClassification, expected LlamaForCausalLM")


def test_quantised_checkpoint_is_refused(source: Path) -> None:
    change(source, quantization_config={"quant_method": "gptq", "bits": 4})
    refuse(source, r"quantised already \(gptq\); import the original")


def test_folder_that_is_no_checkpoint(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    refuse(empty, r"config\.json is missing.*name the folder of a Hugging Face checkpoint")
    refuse(tmp_path / "nowhere", r"config\.json is missing")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model_type": 3}', "\x00\xff"])
def test_broken_config(source: Path, text: str) -> None:
    (source / "config.json").write_text(text, encoding="latin-1")
    refuse(source, r"fetch the file again|cannot be imported")


def test_config_with_impossible_sizes(source: Path) -> None:
    change(source, hidden_size=-4)
    refuse(source, r"config\.json cannot be used|implies")


def test_pickled_weights_are_not_read(source: Path) -> None:
    (source / "model.safetensors").rename(source / "pytorch_model.bin")
    refuse(source, r"pytorch_model\.bin, a pickle.*fetch the checkpoint's \.safetensors")


def test_checkpoint_without_weights(source: Path) -> None:
    (source / "model.safetensors").unlink()
    refuse(source, r"has no weights; expected model\.safetensors")


def test_truncated_weights(source: Path) -> None:
    path = source / "model.safetensors"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size - 5)
    refuse(source, rf"has {size - 5} bytes, expected {size}; fetch it again")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n",
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 17) + b'{"a":{"dtype":1}}',
    ],
)
def test_file_that_only_is_called_safetensors(source: Path, content: bytes) -> None:
    (source / "model.safetensors").write_bytes(content)
    refuse(source, r"is no safetensors file.*fetch it again")


@pytest.mark.parametrize("name", ["part-2.safetensors", "../../part.safetensors"])
def test_missing_part_of_the_weights(source: Path, name: str) -> None:
    (source / "model.safetensors").rename(source / "part-1.safetensors")
    index = {"weight_map": {"a": "part-1.safetensors", "b": name}}
    (source / "model.safetensors.index.json").write_text(json.dumps(index))
    refuse(source, r"names .*part.*safetensors, which is not in .*fetch the missing file")


def test_missing_tensor_is_not_filled_with_random_numbers(source: Path) -> None:
    change(source, num_hidden_layers=3)
    refuse(source, r"lack 9 of 30 tensors, model\.layers\.2\.input_layernorm\.weight among them")


def test_weights_of_another_model(source: Path) -> None:
    change(source, intermediate_size=64)
    refuse(source, r"mlp\.gate_proj\.weight has the shape \(96, 48\).*implies \(64, 48\)")


def test_missing_tokenizer(source: Path) -> None:
    (source / "tokenizer.json").unlink()
    refuse(source, r"no tokenizer\.json; fetch the tokenizer's files")


def test_tokenizer_of_another_model(source: Path) -> None:
    path = source / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["model"]["vocab"]["elsewhere"] = 50_000
    path.write_text(json.dumps(tokenizer))
    refuse(source, r"tokens up to 50000, the model knows 288; the two are of different models")


def test_broken_tokenizer(source: Path) -> None:
    (source / "tokenizer.json").write_text("{}")
    refuse(source, r"tokenizer\.json cannot be read.*fetch the file again")


def test_rotary_embedding_that_would_come_out_wrong(source: Path) -> None:
    change(source, rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0})
    refuse(source, r"rotary embeddings 'dynamic' cannot be imported, expected: default, llama3")


def test_heads_that_the_attention_cannot_take(source: Path) -> None:
    change(source, head_dim=24)
    refuse(source, r"heads of 24 numbers, expected a multiple of 16")


def test_combination_that_does_not_run(source: Path) -> None:
    refuse(source, r"fp16 does not run on the processor; choose", precision="fp16")
    refuse(source, r"fp32 is not written for CUDA", precision="fp32", device="cuda")


def test_context_beyond_the_model(source: Path) -> None:
    refuse(source, r"--context is 513, expected 16 to 512", context_tokens=513)


def test_longrope_that_switches_elsewhere_needs_a_shorter_context(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "long", "phi3-long")
    change(folder, rope_parameters=None, **{**LONG, "original_max_position_embeddings": 64})
    refuse(folder, r"changes its rotary factors at 64 tokens.*convert it with --context 64")


def test_gguf_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"<!DOCTYPE html>")
    refuse(path, r"is no GGUF file.*'<!DO'")
    path.write_bytes(b"GGUF\x03\x00\x00\x00")
    refuse(path, r"is damaged.*fetch it again")
    (tmp_path / "other.gguf").write_bytes(b"GGUF")
    refuse(tmp_path, r"several GGUF files \(model\.gguf, other\.gguf\); name the one")


def test_too_little_room_is_said_with_both_numbers(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughMemoryError, match=r"takes about 1000000\.0 GB of memory, .* are"):
        require_memory(10**15, "writing it as int4")
    with pytest.raises(ModelFetchError, match=r"GB free, the model takes 625000\.0 GB as int4"):
        require_disk(tmp_path, 10**15, "int4")


def test_command_writes_a_folder_that_loads(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    ends = {"eos_token_id": [2, 4]}  # </s>, <|assistant|>
    (source / "generation_config.json").write_text(json.dumps(ends))
    (source / "modeling.py").write_text("raise SystemExit('ran the checkpoint\\'s code')")
    change(source, auto_map={"AutoModelForCausalLM": "modeling.Model"})
    command = [sys.executable, "-m", "assistant.models.recipes.checkpoint", str(source)]
    command += [str(target), "--precision", "int8", "--context", "128"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **SWITCHES}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "llama, 2 layers, 0.1 million parameters",
        "writing the ONNX model (int8, cpu)",
        "trying the model",
    ]
    settings = json.loads((target / "genai_config.json").read_text())
    assert settings["model"]["context_length"] == settings["search"]["max_length"] == 128
    assert settings["model"]["eos_token_id"] == [2, 4, 5]
    assert (target / "tokenizer.json").read_bytes() == (source / "tokenizer.json").read_bytes()
    assert {path.name for path in target.iterdir()} == {
        *("model.onnx", "model.onnx.data", "genai_config.json", "config.json"),
        *("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"),
    }
    (source / "config.json").unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "config.json is missing" in done.stderr.splitlines()[-1]
