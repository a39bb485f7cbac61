"""Coming in and going out: password, code, provider, the first administrator, sign-out."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response

from assistant.access.oidc import Transaction
from assistant.access.sign_in import UNKNOWN_NAME, CodeWanted, SignedIn
from assistant.api.account.pages import PATH, Pages, problem_of, safe_path
from assistant.api.me import where
from assistant.errors import PeopleError, SignInError

PENDING_COOKIE = "philo_pending"
OIDC_COOKIE = "philo_oidc"
PENDING_S = 300
OIDC_S = 600

Text = Annotated[str, Form(max_length=2000)]


def add_entry(router: APIRouter, pages: Pages) -> None:
    login = pages.login

    @router.get("/sign-in")
    def sign_in_page(request: Request) -> Response:
        if pages.session(request) is not None:
            return pages.go(safe_path(request.query_params.get("next"), pages.home))
        if login.setup_code and login.provider is None and not login.people.users():
            return pages.go(f"{PATH}/setup")
        done = "signed_out" if "signed_out" in request.query_params else None
        return pages.show(request, "sign_in", done=done)

    @router.post("/sign-in")
    def sign_in(
        request: Request, form: Text = "", name: Text = "", password: Text = "", next: Text = ""
    ) -> Response:
        target = safe_path(next, pages.home)
        if not pages.is_own_form(request, form):
            return pages.show(request, "sign_in", status=403, error="form_expired", next=target)
        outcome = login.sign_in.with_password(name, password, where(request))
        if isinstance(outcome, SignedIn):
            return pages.enter(request, outcome, target)
        if isinstance(outcome, CodeWanted):
            response = pages.go(f"{PATH}/code?{urlencode({'next': target})}")
            pages.put_cookie(
                response, PENDING_COOKIE, outcome.pending, strict=True, most_s=PENDING_S
            )
            return response
        return pages.show(request, "sign_in", status=401, error="wrong", next=target)

    @router.get("/code")
    def code_page(request: Request) -> Response:
        if PENDING_COOKIE not in request.cookies:
            return pages.go(f"{PATH}/sign-in")
        return pages.show(request, "code")

    @router.post("/code")
    def code(request: Request, form: Text = "", code: Text = "", next: Text = "") -> Response:
        target = safe_path(next, pages.home)
        pending = request.cookies.get(PENDING_COOKIE, "")
        if not pages.is_own_form(request, form):
            return pages.show(request, "sign_in", status=403, error="form_expired", next=target)
        outcome = login.sign_in.with_code(pending, code, where(request))
        if isinstance(outcome, SignedIn):
            return pages.enter(request, outcome, target)
        if outcome == "expired":
            return pages.show(request, "sign_in", status=401, error="form_expired", next=target)
        return pages.show(request, "code", status=401, error="wrong_code", next=target)

    @router.get("/setup")
    def setup_page(request: Request) -> Response:
        if login.setup_code is None:
            return pages.go(f"{PATH}/sign-in")
        return pages.show(request, "setup", name="", min_chars=login.credentials.min_chars)

    @router.post("/setup")
    def setup(
        request: Request,
        form: Text = "",
        code: Text = "",
        name: Text = "",
        password: Text = "",
        again: Text = "",
    ) -> Response:
        error = "form_expired"
        if pages.is_own_form(request, form):
            error = "not_the_same"
            if password == again:
                error = "wrong_setup"
                try:
                    signed_in = login.set_up(code, name, password, where(request))
                except PeopleError as exc:
                    error = problem_of(exc)
                else:
                    if signed_in is not None:
                        return pages.enter(request, signed_in, pages.home)
        min_chars = login.credentials.min_chars
        return pages.show(request, "setup", status=401, error=error, name=name, min_chars=min_chars)

    @router.post("/sign-out")
    def sign_out(request: Request, form: Text = "") -> Response:
        session = pages.session(request)
        if session is not None and pages.is_own_form(request, form):
            login.sessions.end(session.id)
            login.sign_in.log(session.principal.name, "sign_out", where(request))
        return pages.leave(f"{PATH}/sign-in?signed_out=1")


def add_provider(router: APIRouter, pages: Pages) -> None:
    """The way to the provider of OpenID Connect and back."""
    login = pages.login
    spent = _Spent()

    @router.get("/provider")
    def to_provider(request: Request) -> Response:
        if login.provider is None:
            return pages.go(f"{PATH}/sign-in")
        try:
            address, transaction = login.provider.begin()
        except SignInError as exc:
            login.sign_in.log(UNKNOWN_NAME, "sign_in.refused", where(request), reason=str(exc))
            return pages.show(request, "sign_in", status=502, error="provider_unreachable")
        target = safe_path(request.query_params.get("next"), pages.home)
        content = asdict(transaction) | {"next": target}
        sealed = login.key.seal(OIDC_COOKIE, content, at=login.clock())
        response = pages.go(address)
        pages.put_cookie(response, OIDC_COOKIE, sealed, strict=False, most_s=OIDC_S)
        return response

    @router.get("/callback")
    def back(
        request: Request,
        code: str = "",
        state: str = "",
        error: str = "",
        iss: str | None = None,
    ) -> Response:
        sealed = request.cookies.get(OIDC_COOKIE, "")
        kept = login.key.unseal(OIDC_COOKIE, sealed, at=login.clock(), most_s=OIDC_S)
        try:
            if login.provider is None or kept is None or not spent.take(kept["state"]):
                raise SignInError("nobody is on the way to the provider from this browser")
            target = kept.pop("next")
            if error or not code:
                raise SignInError(f"the provider says {error[:100]!r}")
            claims = login.provider.finish(Transaction(**kept), state=state, code=code, issuer=iss)
            user_id, name = login.provisioning.admit(claims)
        except SignInError as exc:
            login.sign_in.log(UNKNOWN_NAME, "sign_in.refused", where(request), reason=str(exc))
            refusal = pages.show(
                request, "sign_in", status=401, error="provider_refused", next=pages.home
            )
            refusal.delete_cookie(OIDC_COOKIE, path=PATH)
            return refusal
        signed_in = login.sign_in.begin(user_id, name, where(request), method="oidc")
        return pages.enter(request, signed_in, target)


class _Spent:
    """States that have come back already: each is good once, for as long as its cookie is."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}
        self._lock = threading.Lock()

    def take(self, state: str) -> bool:
        digest = hashlib.sha256(state.encode()).hexdigest()
        with self._lock:
            if digest in self._seen:
                return False
            self._seen[digest] = None
            while len(self._seen) > 10_000:
                del self._seen[next(iter(self._seen))]
            return True
