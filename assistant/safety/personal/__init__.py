"""Personal data in a text: where it stands, and by which rule it was found."""

from __future__ import annotations

from assistant.safety.finding import Finding, Kind
from assistant.safety.personal.scan import find_personal

__all__ = ["Finding", "Kind", "find_personal"]
