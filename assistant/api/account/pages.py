"""How the login's pages are made: templates, languages, cookies, and what guards their forms."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assistant.access.login import Login
from assistant.access.sessions import Session
from assistant.access.sign_in import SignedIn
from assistant.errors import PeopleError, WeakPasswordError

FOLDER = Path(__file__).parent
Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

FORM_COOKIE = "philo_form"
LANGUAGE_COOKIE = "philo_language"
PATH = "/account"

OWN_PATHS = {
    "sign_in": f"{PATH}/sign-in",
    "code": f"{PATH}/code",
    "setup": f"{PATH}/setup",
    "account": f"{PATH}/",
}
"""Of pages that can be asked for again in the other language."""

DONE = ("password_changed", "totp_is_off", "token_revoked")
"""What an address may say was done."""

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    """
    Args:
        home: where people go who have signed in without having been elsewhere before.
    """

    def __init__(self, login: Login, *, home: str) -> None:
        self.login = login
        self.home = home
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def show(
        self, request: Request, template: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page in the reader's language; `error` and `done` are keys of its texts."""
        language = language_of(request)
        session = self.session(request)
        fresh = "" if session is not None else self._form_secret(request)
        shown = {
            "language": language,
            "languages": LANGUAGES,
            "own_path": OWN_PATHS.get(template),
            "t": load_texts(language),
            "form": session.csrf if session is not None else self._form_value(fresh),
            "session": session,
            "next": safe_path(request.query_params.get("next"), self.home),
            "provider": self.login.settings.oidc.label if self.login.settings.oidc else None,
            "home": self.home,
            "lacks_admin": self.login.setup_code is not None,
            "error": None,
            "done": None,
            **values,
        }
        told = request.query_params.get("done")
        if shown["done"] is None and told in DONE:
            shown["done"] = told
        page = self._templates.get_template(f"{template}.html").render(shown)
        response = HTMLResponse(page, status_code=status, headers=HEADERS)
        if fresh and fresh != request.cookies.get(FORM_COOKIE):
            self.put_cookie(response, FORM_COOKIE, fresh, strict=True)
        if "language" in request.query_params:
            self.put_cookie(
                response, LANGUAGE_COOKIE, language, strict=True, most_s=31_536_000, path="/"
            )
        return response

    def session(self, request: Request) -> Session | None:
        return self.login.session(request.cookies.get(self.login.cookie_name))

    def is_own_form(self, request: Request, form: str) -> bool:
        """Whether a form was made here for this browser: by its session, or by a cookie where
        nobody is signed in yet."""
        session = self.session(request)
        if session is not None:
            return secrets.compare_digest(form.encode(), session.csrf.encode())
        kept = request.cookies.get(FORM_COOKIE, "")
        return bool(kept) and self.login.key.agrees("form", kept, form)

    def enter(self, request: Request, signed_in: SignedIn, target: str) -> Response:
        """Into the page, with a fresh session's cookie; one of before ends."""
        before = self.session(request)
        if before is not None:
            self.login.sessions.end(before.id)
        response = self.go(safe_path(target, self.home))
        response.set_cookie(
            self.login.cookie_name,
            signed_in.secret,
            max_age=self.login.settings.session_max_s,
            path="/",
            httponly=True,
            secure=self.login.is_encrypted,
            samesite="lax",
        )
        for spent in ("philo_pending", "philo_oidc", FORM_COOKIE):
            response.delete_cookie(spent, path=PATH)
        return response

    def leave(self, target: str) -> Response:
        response = self.go(target)
        response.delete_cookie(
            self.login.cookie_name, path="/", httponly=True, secure=self.login.is_encrypted
        )
        return response

    def go(self, target: str) -> Response:
        return RedirectResponse(target, status_code=303, headers=HEADERS)

    def put_cookie(
        self,
        response: Response,
        name: str,
        value: str,
        *,
        strict: bool,
        most_s: int | None = None,
        path: str = PATH,
    ) -> None:
        """For the login's own pages only, unless `path` says otherwise."""
        response.set_cookie(
            name,
            value,
            max_age=most_s,
            path=path,
            httponly=True,
            secure=self.login.is_encrypted,
            samesite="strict" if strict else "lax",
        )

    def _form_secret(self, request: Request) -> str:
        return request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)

    def _form_value(self, kept: str) -> str:
        return self.login.key.sign("form", kept)


def language_of(request: Request) -> Language:
    """As chosen here, else the browser's first one that is known, else English."""
    chosen = request.query_params.get("language") or request.cookies.get(LANGUAGE_COOKIE)
    stated = request.headers.get("accept-language", "").split(",")
    for told in (chosen or "", *stated):
        for language in LANGUAGES:
            if told.strip().lower().split(";")[0].split("-")[0] == language:
                return language
    return "en"


def safe_path(target: str | None, otherwise: str) -> str:
    """A path of this service, never another site: browsers read backslashes as slashes."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return otherwise
    return target if target.isprintable() else otherwise


def problem_of(exc: PeopleError) -> str:
    """The key of the text for what is wrong with a name or a password."""
    return f"weak_{exc.reason}" if isinstance(exc, WeakPasswordError) else "bad_name"


@cache
def load_texts(language: Language) -> Mapping[str, str]:
    content = (FOLDER / "locales" / f"{language}.json").read_text(encoding="utf-8")
    texts: dict[str, str] = json.loads(content)
    return texts
