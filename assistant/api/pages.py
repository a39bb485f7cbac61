"""The source beside the answer: pages as pictures, spans of text, and the file itself."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import FastAPI, Header, Query, Response
from fastapi.responses import FileResponse

from assistant.api.reader import Reader
from assistant.assistant import Assistant
from assistant.pages import Pages, Span

PRIVATE = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
"""A browser may keep it, but asks each time: who may read it can change."""


def add_pages(api: FastAPI, assistant: Assistant) -> None:
    pages = Pages(assistant.library, lambda: assistant.ingestor)

    @api.get("/documents/{document_id}/pages/{number}.png", response_class=Response)
    def page(
        document_id: str,
        number: int,
        readable: Reader,
        if_none_match: Annotated[str, Header()] = "",
    ) -> Response:
        """A page of a PDF or an image. `X-Page-Width` and `X-Page-Height` are its sides in points,
        in which boxes are told. 404 where there is none, 410 where the file is not at hand."""
        file = pages.file(document_id, readable)
        headers = PRIVATE | {"ETag": f'"{file.sha256[:32]}-{number}"'}
        if headers["ETag"] in if_none_match:
            return Response(status_code=304, headers=headers)
        drawn = pages.draw(file, number)
        headers["X-Page-Width"] = f"{drawn.width_pt:.3f}"
        headers["X-Page-Height"] = f"{drawn.height_pt:.3f}"
        return Response(drawn.png, media_type="image/png", headers=headers)

    @api.get("/documents/{document_id}/span")
    def span(
        document_id: str,
        readable: Reader,
        start: Annotated[int, Query(ge=0)],
        end: Annotated[int, Query(ge=0)],
    ) -> Span:
        """The text of a citation within its section, and its place on the page."""
        return pages.span(document_id, start, end, readable)

    @api.get("/documents/{document_id}/original", response_class=FileResponse)
    def original(document_id: str, readable: Reader) -> FileResponse:
        """The file that was brought in, to be saved. 410 where it is not at hand."""
        file = pages.file(document_id, readable)
        name = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        return FileResponse(
            file.path,
            media_type="application/octet-stream",
            headers=PRIVATE | {"Content-Disposition": name},
        )
