"""Rerankers, one file a backend. None is built in."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import UnknownModelError
from assistant.models.rerankers.base import Reranker
from assistant.models.settings import ModelSettings


def open_reranker(settings: ModelSettings) -> Reranker | None:
    """The reranker that the settings name, None where they name none. It is loaded with the
    first question.

    Raises:
        UnknownModelError: there is no such folder.
    """
    if settings.reranker is None:
        return None
    folder = Path(settings.reranker).expanduser()
    if not folder.is_dir():
        raise UnknownModelError(
            f"[models] reranker = '{settings.reranker}' is no folder; expected the path of a "
            "sentence-transformers CrossEncoder on this machine"
        )
    from assistant.models.rerankers.cross_encoder import CrossEncoderReranker

    return CrossEncoderReranker(folder, threads=settings.threads)


__all__ = ["Reranker", "open_reranker"]
