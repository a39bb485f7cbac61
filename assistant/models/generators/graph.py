"""What a model's graph takes and gives, and whether several texts can go through it at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LOGIT_POSITIONS = "logit_positions"
"""An input added to the graph: which of the tokens read are to be followed by logits."""

KV_TYPES: dict[int, np.dtype[Any]] = {1: np.dtype(np.float32), 10: np.dtype(np.float16)}
PROJECTIONS = {"MatMul", "MatMulNBits", "Gemm"}
AFTER_PROJECTION = {"Add", "Mul", "Div", "Tanh", "Cast"}


class UnsuitableGraphError(Exception):
    """This graph is not one for batches; the message says what is in the way."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A decoder with grouped-query attention over caches of fixed capacity.

    `model` is the ONNX file's content, with the input LOGIT_POSITIONS. A layer's keys and values
    have the shape [rows, heads, capacity, head_size]. `switch_tokens`: longer texts are turned
    by other rotary factors (LongRoPE, arXiv:2402.13753), all of their tokens alike; the graph
    takes the width of the attention mask for the length.
    """

    model: bytes
    cache_names: tuple[tuple[str, str], ...]
    heads: int
    head_size: int
    kv_type: np.dtype[Any]
    ends: frozenset[int]
    vocabulary: int
    context_tokens: int
    switch_tokens: int | None
    wants_positions: bool

    @property
    def token_bytes(self) -> int:
        """Of one token's keys and values in all layers."""
        return len(self.cache_names) * self.heads * self.head_size * self.kv_type.itemsize


def read_graph(folder: Path) -> Graph:
    """Read genai_config.json and the graph it names, without the weights.

    Raises:
        UnsuitableGraphError: it has other inputs, another attention or a windowed cache.
    """
    import onnx

    stated = json.loads((folder / "genai_config.json").read_text(encoding="utf-8"))["model"]
    decoder = stated["decoder"]
    if "sliding_window" in decoder:
        raise UnsuitableGraphError("its cache is a sliding window")
    if "pipeline" in decoder:
        raise UnsuitableGraphError("it comes in several files")
    model = onnx.load(str(folder / decoder["filename"]), load_external_data=False)
    inputs = {value.name: value.type.tensor_type for value in model.graph.input}
    names = _cache_names(decoder)
    _check_inputs(set(inputs), {past for past, _ in names})
    _check_attention(model.graph)
    first = inputs[names[0][0]]
    if first.elem_type not in KV_TYPES:
        raise UnsuitableGraphError(f"its cache has numbers of type {first.elem_type}")
    switch = _switch_tokens(model.graph)
    vocabulary = int(stated["vocab_size"])
    _add_logit_positions(model.graph, decoder["outputs"]["logits"])
    ends = stated["eos_token_id"]
    return Graph(
        model=model.SerializeToString(),
        cache_names=names,
        heads=int(decoder["num_key_value_heads"]),
        head_size=int(decoder["head_size"]),
        kv_type=KV_TYPES[first.elem_type],
        ends=frozenset(ends if isinstance(ends, list) else [ends]),
        vocabulary=vocabulary,
        context_tokens=int(stated["context_length"]),
        switch_tokens=switch,
        wants_positions="position_ids" in inputs,
    )


def read_switch(folder: Path) -> int | None:
    """The length after which the graph takes LongRoPE's long factors; None where it has no
    such choice, or an unknown one."""
    import onnx

    stated = json.loads((folder / "genai_config.json").read_text(encoding="utf-8"))["model"]
    file = folder / stated["decoder"].get("filename", "model.onnx")
    if not file.is_file():
        return None
    try:
        return _switch_tokens(onnx.load(str(file), load_external_data=False).graph)
    except UnsuitableGraphError:
        return None


def _cache_names(decoder: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """(input, output) of each layer's keys, then of its values."""
    try:
        kinds = [
            (decoder["inputs"][f"past_{kind}_names"], decoder["outputs"][f"present_{kind}_names"])
            for kind in ("key", "value")
        ]
    except KeyError as exc:
        raise UnsuitableGraphError(f"its configuration has no {exc}") from exc
    return tuple(
        (past % layer, present % layer)
        for layer in range(int(decoder["num_hidden_layers"]))
        for past, present in kinds
    )


def _check_inputs(found: set[str], caches: set[str]) -> None:
    needed = {"input_ids", "attention_mask"} | caches
    if absent := needed - found:
        raise UnsuitableGraphError(f"it has no input {sorted(absent)[0]}")
    if unknown := found - needed - {"position_ids"}:
        raise UnsuitableGraphError(f"it wants the input {sorted(unknown)[0]}")


def _check_attention(graph: Any) -> None:
    kinds = {node.op_type for node in graph.node if "Attention" in node.op_type}
    if kinds != {"GroupQueryAttention"}:
        raise UnsuitableGraphError(f"its attention is {', '.join(sorted(kinds)) or 'unknown'}")


def _switch_tokens(graph: Any) -> int | None:
    """The length after which a LongRoPE graph takes its long factors; None without them."""
    from onnx import numpy_helper

    made = {name: node for node in graph.node for name in node.output}
    constants = {tensor.name: tensor for tensor in graph.initializer}
    choices = [node for node in graph.node if node.op_type in {"If", "Loop", "Scan"}]
    if not choices:
        return None
    conditions = {node.input[0] for node in choices}
    condition = made.get(choices[0].input[0])
    if len(conditions) != 1 or condition is None or condition.op_type != "Greater":
        raise UnsuitableGraphError("it branches in a way that is not LongRoPE's")
    limit = condition.input[1]
    if limit in made and made[limit].op_type == "Constant":
        return int(numpy_helper.to_array(made[limit].attribute[0].t).item())
    if limit in constants:
        return int(numpy_helper.to_array(constants[limit]).item())
    raise UnsuitableGraphError("it branches at a length that is not fixed")


def _add_logit_positions(graph: Any, logits: str) -> None:
    """Let the last projection run over chosen positions only.

    Converted models have it over all positions, which costs as much as the rest of the prompt,
    or over the last one alone, which keeps drafts from being checked.
    """
    from onnx import TensorProto, helper

    made = {name: node for node in graph.node for name in node.output}
    projection = _last_projection(made, logits)
    source = projection.input[0]
    pruned = _pruning(made, source, graph)
    if pruned is not None:
        gather, rest = pruned
        source = gather.input[0]
        for node in rest:
            graph.node.remove(node)
    chosen = helper.make_node(
        "Gather", [source, LOGIT_POSITIONS], [f"{source}/chosen"], name="chosen_tokens", axis=1
    )
    at = next(index for index, node in enumerate(graph.node) if node is projection)
    graph.node.insert(at, chosen)
    projection.input[0] = chosen.output[0]
    graph.input.append(
        helper.make_tensor_value_info(LOGIT_POSITIONS, TensorProto.INT64, ["logit_count"])
    )
    del graph.value_info[:]  # some of the recorded shapes no longer hold; they are inferred
    output = next(value for value in graph.output if value.name == logits)
    output.type.tensor_type.shape.dim[1].dim_param = "logit_count"


def _last_projection(made: dict[str, Any], name: str) -> Any:
    while name in made:
        node = made[name]
        if node.op_type in PROJECTIONS:
            return node
        if node.op_type not in AFTER_PROJECTION:
            break
        name = next((source for source in node.input if source in made), "")
    raise UnsuitableGraphError("its logits do not come from a matrix product")


def _pruning(made: dict[str, Any], source: str, graph: Any) -> tuple[Any, Sequence[Any]] | None:
    """The nodes that keep the last position alone, the gathering one first."""
    from onnx import numpy_helper

    unsqueeze = made.get(source)
    if unsqueeze is None or unsqueeze.op_type != "Unsqueeze":
        return None
    gather = made.get(unsqueeze.input[0])
    if gather is None or gather.op_type != "Gather":
        return None
    position = made.get(gather.input[1])
    if position is None or position.op_type != "Constant":
        return None
    if numpy_helper.to_array(position.attribute[0].t).item() != -1:
        return None
    shared = any(position.output[0] in node.input for node in graph.node if node is not gather)
    return gather, [unsqueeze, gather, *([] if shared else [position])]
