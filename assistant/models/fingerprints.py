"""Which models answer, by the hash of their files: for the audit log."""

from __future__ import annotations

import contextlib

from assistant.errors import PhiloError
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.settings import NO_GENERATOR, NO_READER, ModelSettings


def model_fingerprints(settings: ModelSettings) -> dict[str, str]:
    """Use -> `Manifest.fingerprint`. Models on other machines, and folders of one's own, have none;
    these are named in the settings, whose digest stands beside."""
    depot = Depot(settings.directory)
    named = {
        "generator": settings.generator,
        "embedder": settings.embedder,
        "reader": settings.reader,
    }
    found: dict[str, str] = {}
    for use, name in named.items():
        if name not in (NO_GENERATOR, NO_READER):
            with contextlib.suppress(PhiloError, OSError):
                found[use] = depot.manifest(find_model(name, depot)).fingerprint
    return found
