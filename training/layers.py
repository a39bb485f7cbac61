"""The encoder in two parts: lower layers that stay, whose results are kept, and upper ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from batches import Example, collate

from assistant.models.recipes.e5_reader import SpanReader


class Halves:
    """A reader whose `trained` upper layers and head learn.

    The results of the lower layers are computed once for each example and kept in half
    precision: an epoch then costs little more than half of a pass over all layers.
    """

    def __init__(self, reader: SpanReader, trained: int) -> None:
        self.reader = reader
        self.border = reader.bert.config.num_hidden_layers - trained
        reader.bert.config._attn_implementation = "sdpa"
        tops = tuple(
            f"bert.encoder.layer.{at}."
            for at in range(self.border, reader.bert.config.num_hidden_layers)
        )
        self.parameters: dict[str, Any] = {}
        for name, parameter in reader.named_parameters():
            parameter.requires_grad = name.startswith((*tops, "head."))
            if parameter.requires_grad:
                self.parameters[name] = parameter

    def lower(self, examples: Sequence[Example], size: int = 32) -> list[Any]:
        """(T, H) float16 of each example."""
        self.reader.eval()
        order = sorted(range(len(examples)), key=lambda at: len(examples[at].ids))
        kept: list[Any] = [None] * len(examples)
        for at in range(0, len(order), size):
            group = order[at : at + size]
            batch = collate([examples[one] for one in group])
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                hidden = self.reader.bert.embeddings(inputs_embeds=self.reader.embed(batch.ids))
                hidden = self._run(hidden, batch.mask, 0, self.border)
            for row, one in enumerate(group):
                kept[one] = hidden[row, : len(examples[one].ids)].half().clone()
        return kept

    def upper(self, lower: Sequence[Any], mask: Any) -> Any:
        """Results of the lower layers and mask (B, T) -> logits (B, T, 3) float32."""
        hidden = torch.nn.utils.rnn.pad_sequence([one.float() for one in lower], batch_first=True)
        with torch.autocast("cpu", torch.bfloat16):
            last = self.reader.bert.config.num_hidden_layers
            return self.reader.head(self._run(hidden, mask, self.border, last)).float()

    def _run(self, hidden: Any, mask: Any, first: int, last: int) -> Any:
        kept = mask[:, None, None, :].bool()  # (B, 1, 1, T)
        for layer in self.reader.bert.encoder.layer[first:last]:
            hidden = layer(hidden, kept)
        return hidden  # (B, T, H)
