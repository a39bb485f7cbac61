"""Sentence encoders (BERT with mean pooling) written as int8 ONNX."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch

OPSET = 17


class SentenceEncoder(torch.nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
    """Token ids and mask (B, T) int64 -> unit vectors (B, H) float32: mean over the tokens
    that the mask keeps, then L2."""

    def __init__(self, bert: Any, embed: Any) -> None:
        super().__init__()
        self.bert = bert
        self.embed = embed

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        hidden = self.bert(
            inputs_embeds=self.embed(input_ids), attention_mask=attention_mask
        ).last_hidden_state  # (B, T, H)
        kept = attention_mask.unsqueeze(-1).to(hidden.dtype)  # (B, T, 1)
        mean = (hidden * kept).sum(1) / kept.sum(1).clamp(min=1e-9)  # (B, H)
        return torch.nn.functional.normalize(mean, dim=1)


def export_encoder(encoder: SentenceEncoder, path: Path) -> None:
    """`export_onnx` of an encoder: its output is `vectors`."""
    export_onnx(encoder, path, output="vectors", axes={0: "batch"})


def export_onnx(module: Any, path: Path, *, output: str, axes: dict[int, str]) -> None:
    """Write a module that takes ids and mask (B, T), with its matrix products in int8 (weights
    per channel).

    The weights go to `<path>.data`, which the runtime maps instead of reading it twice.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    module.eval()
    ids = torch.ones(2, 16, dtype=torch.int64)
    mask = torch.ones(2, 16, dtype=torch.int64)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        full = Path(scratch) / "full.onnx"
        with torch.no_grad():
            torch.onnx.export(
                module,
                (ids, mask),
                str(full),
                dynamo=False,
                opset_version=OPSET,
                input_names=["input_ids", "attention_mask"],
                output_names=[output],
                dynamic_axes={
                    "input_ids": {0: "batch", 1: "tokens"},
                    "attention_mask": {0: "batch", 1: "tokens"},
                    output: axes,
                },
            )
        quantize_dynamic(
            full,
            path,
            op_types_to_quantize=["MatMul"],
            weight_type=QuantType.QInt8,
            per_channel=True,
            use_external_data_format=True,
            extra_options={"MatMulConstBOnly": True},
        )
