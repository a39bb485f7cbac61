"""Who is asking, and so what may be read."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from assistant.access.types import Principal
from assistant.api.caller import caller
from assistant.types import OPERATOR, Readable

Caller = Annotated[Principal | None, Depends(caller)]
"""None: the operator."""


def readable_of(principal: Principal | None, collection: str | None = None) -> Readable:
    """The operator may read all there is, others what is shared with their groups."""
    if principal is None:
        return Readable(everything=OPERATOR.everything, collection=collection)
    return principal.readable(collection)


def readable_by_caller(
    principal: Caller, collection: Annotated[str | None, Query(max_length=200)] = None
) -> Readable:
    return readable_of(principal, collection)


Reader = Annotated[Readable, Depends(readable_by_caller)]
