"""Who is asking, and so what may be read."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from assistant.types import OPERATOR, Readable


def readable_by_caller(
    collection: Annotated[str | None, Query(max_length=200)] = None,
) -> Readable:
    """What the caller may read: on the own machine, without people, all there is."""
    return Readable(everything=OPERATOR.everything, collection=collection)


Reader = Annotated[Readable, Depends(readable_by_caller)]
