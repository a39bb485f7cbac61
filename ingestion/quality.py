"""How well a document was read, and whether that is good enough to be searched."""

from __future__ import annotations

from assistant.ingest_settings import IngestSettings
from assistant.types import ParsedDocument


def find_doubt(parsed: ParsedDocument, settings: IngestSettings) -> str | None:
    """Why a document goes into quarantine; None where it was read well enough."""
    pages = max(1, parsed.pages)
    read = pages - len(parsed.empty_pages)
    if read / pages < settings.min_read_share:
        return (
            f"text was found on {read} of {pages} pages, less than the share of "
            f"{settings.min_read_share:g} asked for (setting ingest.min_read_share)"
        )
    if parsed.recognised:
        confidence = sum(share for _, share in parsed.recognised) / len(parsed.recognised)
        if confidence < settings.min_ocr_confidence:
            return (
                f"characters on {len(parsed.recognised)} pages were recognised with a confidence "
                f"of {confidence:.2f}, less than {settings.min_ocr_confidence:g} "
                "(setting ingest.min_ocr_confidence)"
            )
    return None
