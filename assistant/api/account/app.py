"""The login's pages as one application, mounted at /account."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse

from assistant.access.login import Login
from assistant.api.account.entry import add_entry, add_provider
from assistant.api.account.own import add_own
from assistant.api.account.pages import FOLDER, Pages
from assistant.api.failures import add_handlers
from assistant.assistant import Assistant


def create_account_pages(assistant: Assistant, login: Login, *, home: str) -> FastAPI:
    """
    Args:
        home: where people go after they have signed in.
    """
    app = FastAPI(openapi_url=None)
    add_handlers(app)
    pages = Pages(login, home=home)
    router = APIRouter()
    add_entry(router, pages)
    add_provider(router, pages)
    add_own(router, pages, assistant)

    @router.get("/style.css")
    def style() -> FileResponse:
        return FileResponse(FOLDER / "style.css", media_type="text/css")

    app.include_router(router)
    return app
