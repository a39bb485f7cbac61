"""The names of the collections, as far as this session needs to know them."""

from __future__ import annotations

from ui import state
from ui.client import Service
from ui.replies import Health


def known_collections(service: Service, health: Health) -> list[str]:
    """In alphabetical order; asked for again when documents have come or gone.

    Raises:
        ServiceError: the service failed.
    """
    return state.remember(
        state.COLLECTIONS,
        of=(health["documents"], health["chunks"]),
        make=service.collections,
    )
