"""From where a request came, for all that is recorded while it is worked on."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from assistant.audit.content import Content


@dataclass(frozen=True, slots=True)
class Origin:
    """`interface` is how Philo was spoken to; `address` of the machine that did, where it was
    over a network."""

    interface: str
    address: str = ""

    def details(self) -> dict[str, Any]:
        told: dict[str, Any] = {"interface": self.interface}
        return told | {"address": Content(self.address, bare=True)} if self.address else told


COMMAND_LINE = Origin("command line")

current_origin: ContextVar[Origin | None] = ContextVar("philo_origin", default=None)
"""Set by each entry point; threads that work for a request are given its context."""
