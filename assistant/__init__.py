"""Philo's assistant: finding, answering and checking over an organisation's documents.

from assistant import load_settings, open_assistant

with open_assistant(load_settings()) as philo:
    print(philo.answer("How many days of leave?", readable=OPERATOR).answer)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.offline import forbid_telemetry

forbid_telemetry()

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.service import open_assistant
    from assistant.settings import load_settings

__all__ = ["Assistant", "load_settings", "open_assistant"]

_PLACES = {
    "Assistant": "assistant.assistant",
    "load_settings": "assistant.settings",
    "open_assistant": "assistant.service",
}


def __getattr__(name: str) -> Any:
    """Load the public names when they are first used: they bring heavy libraries along."""
    if name not in _PLACES:
        raise AttributeError(f"module 'assistant' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_PLACES[name]), name)
