"""Keys and values of several texts at once, and the runs of the model over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.models.generators.graph import LOGIT_POSITIONS, Graph

CAPACITY_STEP_TOKENS = 1024

Tokens = npt.NDArray[np.int64]
Logits = npt.NDArray[np.float32]
KeysAndValues = list[npt.NDArray[Any]]
"""Of one text: for each layer its keys, then its values, [heads, tokens, head_size]."""


class Cache:
    """Rows of keys and values, each of the same capacity, in at most `budget_bytes` (more only
    where one text alone needs more)."""

    def __init__(self, graph: Graph, *, most_rows: int, budget_bytes: int) -> None:
        self._graph = graph
        self._most_rows = most_rows
        self._budget_bytes = budget_bytes
        self.rows = 0
        self.capacity = 0
        self.arrays: list[npt.NDArray[Any]] = []
        self.allotment = 0
        """Rises whenever the arrays are other ones than before."""

    def make_room(self, tokens: int, occupied: int) -> bool:
        """Have one more row than `occupied`, each for so many tokens.

        Returns:
            False when the budget allows it only after other texts have ended.
        """
        steps = -(-tokens // CAPACITY_STEP_TOKENS)
        wanted = min(steps * CAPACITY_STEP_TOKENS, self._graph.context_tokens)
        if occupied == 0:
            if wanted > self.capacity or self._rows_of(wanted) > self.rows:
                self.arrays = []  # frees them before the next ones are allotted
                self._allot(wanted)
            return True
        if tokens <= self.capacity:
            return occupied < self.rows
        if occupied < self._rows_of(wanted):
            self._allot(wanted)
            return True
        return False

    def move(self, source: int, target: int, tokens: int) -> None:
        """Copy a row's first tokens to another row."""
        for array in self.arrays:
            array[target, :, :tokens] = array[source, :, :tokens]

    def put(self, row: int, held: KeysAndValues, tokens: int) -> None:
        for array, part in zip(self.arrays, held, strict=True):
            array[row, :, :tokens] = part[:, :tokens]

    def take(self, row: int, tokens: int) -> KeysAndValues:
        """A copy of a row's first tokens."""
        return [array[row, :, :tokens].copy() for array in self.arrays]

    def _rows_of(self, capacity: int) -> int:
        most = self._budget_bytes // (capacity * self._graph.token_bytes)
        return max(1, min(self._most_rows, most))

    def _allot(self, capacity: int) -> None:
        graph, rows = self._graph, self._rows_of(capacity)
        shape = (rows, graph.heads, capacity, graph.head_size)
        old, self.arrays = self.arrays, []
        for index in range(len(graph.cache_names)):
            array = np.zeros(shape, graph.kv_type)  # zeros: what was never written is read too
            if old:
                array[: len(old[index]), :, : self.capacity] = old[index][:rows]
                old[index] = array[:0]  # frees the old one
            self.arrays.append(array)
        self.rows, self.capacity = rows, capacity
        self.allotment += 1


class Model:
    """The graph on the processor."""

    def __init__(self, folder: Path, graph: Graph, *, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", str(folder)
        )
        self._graph = graph
        self._session: Any = onnxruntime.InferenceSession(
            graph.model, options, providers=["CPUExecutionProvider"]
        )
        self._bindings: dict[tuple[int, int], Any] = {}
        self._allotment = 0

    def run(
        self,
        cache: Cache,
        first_row: int,
        tokens: Tokens,
        lengths: Sequence[int],
        *,
        positions: Sequence[int] = (0,),
        width: int = 0,
    ) -> Logits:
        """Read the next tokens of neighbouring rows.

        Args:
            tokens: (B, S); S above 1 only for B = 1, as the attention operator has it.
            lengths: B, of each row's text when these tokens have been read.
            positions: K of the S tokens.
            width: at least so wide is the attention mask.
        Returns:
            (B, K, vocabulary): what comes after the tokens at `positions`.
        """
        binding = self._bind(cache, first_row, len(tokens))
        columns = np.arange(max(width, *lengths))
        sizes = np.asarray(lengths)[:, None]
        inputs = {
            "input_ids": tokens,
            "attention_mask": (columns < sizes).astype(np.int64),
            LOGIT_POSITIONS: np.asarray(positions, np.int64),
        }
        if self._graph.wants_positions:
            inputs["position_ids"] = sizes - tokens.shape[1] + np.arange(tokens.shape[1])
        for name, value in inputs.items():
            binding.bind_cpu_input(name, value)
        binding.bind_output("logits", "cpu")
        self._session.run_with_iobinding(binding)
        logits: Logits = binding.get_outputs()[-1].numpy().astype(np.float32, copy=False)
        return logits

    def _bind(self, cache: Cache, first: int, rows: int) -> Any:
        """Inputs and outputs of the caches are the same memory: they are written in place."""
        if cache.allotment != self._allotment:
            self._bindings.clear()
            self._allotment = cache.allotment
        found = self._bindings.get((first, rows))
        if found is not None:
            return found
        binding = self._session.io_binding()
        for array, (past, present) in zip(cache.arrays, self._graph.cache_names, strict=True):
            part = array[first : first + rows]
            place = ("cpu", 0, array.dtype, part.shape, part.ctypes.data)
            binding.bind_input(past, *place)
            binding.bind_output(present, *place)
        self._bindings[first, rows] = binding
        return binding
