"""Which models there are: where each comes from and what it is.

The hash of every file is known beforehand for the wheels only. For a hub's repositories no
hash could be had when this catalogue was written: a pull checks each file against what the hub
states, and records the SHA-256 of all of them. A row's `source.sha256`, or the setting
`models.pins`, holds later pulls to those very bytes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Protocol

from assistant.errors import UnknownModelError
from assistant.models.catalog.built_in import BUILT_IN
from assistant.models.catalog.checkpoints import CHECKPOINTS
from assistant.models.catalog.entry import GENERATOR_FILES, ModelEntry, ModelKind
from assistant.models.catalog.phi import PHI
from assistant.models.catalog.remote import REMOTE
from assistant.models.catalog.sources import (
    CheckpointSource,
    Device,
    HubSource,
    ImportedSource,
    Precision,
    RemoteSource,
    Source,
    WheelSource,
)

MODEL_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What an id may be: it is also the name of a folder."""

ENTRIES: tuple[ModelEntry, ...] = (*BUILT_IN, *PHI, *CHECKPOINTS, *REMOTE)


class HoldsImported(Protocol):
    """A depot, as far as it adds to the catalogue."""

    def imported(self) -> Sequence[ModelEntry]:
        """The models that were imported, each with an id of its own."""

    def find_imported(self, model_id: str) -> ModelEntry | None:
        """One of them. Raises: ModelDamagedError: its description cannot be read."""


def find_model(model_id: str, depot: HoldsImported | None = None) -> ModelEntry:
    """The row of an id, in the catalogue or among a depot's imported models.

    Raises:
        UnknownModelError: no such id; the message names the nearest one and all others.
        ModelDamagedError: an imported model's description cannot be read.
    """
    known = {entry.id: entry for entry in ENTRIES}
    if model_id in known:
        return known[model_id]
    if depot is not None:
        if MODEL_ID.fullmatch(model_id) and (found := depot.find_imported(model_id)):
            return found
        known |= {entry.id: entry for entry in depot.imported()}
    near = difflib.get_close_matches(model_id.lower(), known, n=1, cutoff=0.4)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise UnknownModelError(
        f"no model '{model_id}'; {hint}The catalogue has: {', '.join(sorted(known))}"
    )


__all__ = [
    "BUILT_IN",
    "ENTRIES",
    "GENERATOR_FILES",
    "MODEL_ID",
    "CheckpointSource",
    "Device",
    "HubSource",
    "ImportedSource",
    "ModelEntry",
    "ModelKind",
    "Precision",
    "RemoteSource",
    "Source",
    "WheelSource",
    "find_model",
]
