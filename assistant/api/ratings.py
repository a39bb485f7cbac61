"""Ratings over the API: everybody rates, the operator sees what was said."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query

from assistant.api.operator import OperatorOnly
from assistant.api.reader import Caller, Reader
from assistant.api.schemas import RatingList
from assistant.assistant import Assistant
from assistant.types import NewRating, Rating


def add_ratings(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may see and remove ratings: questions are people's own.
    """
    ratings = assistant.library.ratings

    @api.post("/ratings", status_code=201)
    def rate(rating: NewRating, readable: Reader, principal: Caller) -> Rating:
        """Say of an answer whether it is good. 404 when it names a document that is gone or
        that the caller may not read."""
        return ratings.add(rating, readable, rater=principal.name if principal else "")

    router = APIRouter(dependencies=[Depends(OperatorOnly(operator_token))])

    @router.get("/ratings")
    def rated(
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> RatingList:
        """Newest first."""
        listed, total = ratings.all(offset=offset, limit=limit)
        return RatingList(ratings=listed, total=total)

    @router.delete("/ratings/{rating_id}", status_code=204)
    def remove_rating(rating_id: str) -> None:
        ratings.remove(rating_id)

    api.include_router(router)
