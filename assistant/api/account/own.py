"""One's own account: password, second factor, tokens, sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pyotp
import segno
from fastapi import APIRouter, Form, Request, Response

from assistant.access.attempts import Limit
from assistant.access.sessions import Session
from assistant.access.types import Role, TokenScope
from assistant.api.account.pages import PATH, Pages, problem_of
from assistant.api.me import where
from assistant.assistant import Assistant
from assistant.errors import WeakPasswordError

OFFER = "totp offer"
OFFER_S = 600
MOST_DAYS = 365

Text = Annotated[str, Form(max_length=2000)]

_SCOPES = {
    Role.READER: (TokenScope.READ,),
    Role.EDITOR: (TokenScope.READ, TokenScope.WRITE),
    Role.ADMIN: (TokenScope.READ, TokenScope.WRITE, TokenScope.ADMIN),
}


def add_own(router: APIRouter, pages: Pages, assistant: Assistant) -> None:
    login = pages.login

    def overview(
        request: Request, session: Session, *, status: int = 200, **values: Any
    ) -> Response:
        name, user_id = session.principal.name, session.user_id
        return pages.show(
            request,
            "account",
            status=status,
            has_password=login.credentials.has_password(user_id),
            has_totp=login.credentials.has_second_factor(user_id),
            codes_left=login.credentials.recovery_codes_left(user_id),
            tokens=[one for one in assistant.people.tokens(name) if not one.revoked],
            scopes=_SCOPES[session.principal.role],
            sessions=login.sessions.of_user(user_id),
            min_chars=login.credentials.min_chars,
            **{"new_token": None, **values},
        )

    def own(request: Request, form: str | None, act: Callable[[Session], Response]) -> Response:
        """Only for whoever is signed in, and with a form that was made for that session."""
        session = pages.session(request)
        if session is None:
            return pages.go(f"{PATH}/sign-in?next={PATH}/")
        if form is not None and not pages.is_own_form(request, form):
            return overview(request, session, status=403, error="form_expired")
        return act(session)

    def knows_password(request: Request, session: Session, password: str) -> bool:
        """Somebody at an unlocked screen does not change how one signs in."""
        limits = (
            Limit.of_account(session.principal.name),
            Limit.of_address(where(request).address),
        )
        attempt = login.attempts.begin(*limits)
        checked = login.credentials.check(session.principal.name, password)
        if checked is None or not checked.right or not attempt.allowed:
            login.sign_in.log(
                session.principal.name, "password.refused", where(request), locks=attempt.locks
            )
            return False
        login.attempts.succeeded(*limits)
        return True

    @router.get("/")
    def account(request: Request) -> Response:
        return own(request, None, lambda session: overview(request, session))

    @router.post("/password")
    def change_password(
        request: Request, form: Text = "", current: Text = "", new: Text = "", again: Text = ""
    ) -> Response:
        def act(session: Session) -> Response:
            name = session.principal.name
            if new != again:
                return overview(request, session, status=422, error="not_the_same")
            if not knows_password(request, session, current):
                return overview(request, session, status=401, error="wrong_password")
            try:
                login.credentials.set_password(name, new)
            except WeakPasswordError as exc:
                return overview(request, session, status=422, error=problem_of(exc))
            login.sign_in.log(name, "password.change", where(request))
            fresh = login.sign_in.begin(session.user_id, name, where(request), method="password")
            return pages.enter(request, fresh, f"{PATH}/?done=password_changed")

        return own(request, form, act)

    @router.post("/totp/offer")
    def offer_totp(request: Request, form: Text = "", current: Text = "") -> Response:
        def act(session: Session) -> Response:
            if not knows_password(request, session, current):
                return overview(request, session, status=401, error="wrong_password")
            content = {"user": session.user_id, "secret": pyotp.random_base32()}
            return show_offer(request, session, login.key.seal(OFFER, content, at=login.clock()))

        return own(request, form, act)

    def show_offer(
        request: Request, session: Session, offer: str, *, error: str | None = None
    ) -> Response:
        content = login.key.unseal(OFFER, offer, at=login.clock(), most_s=OFFER_S)
        if content is None or content["user"] != session.user_id:
            return overview(request, session, status=403, error="form_expired")
        secret = content["secret"]
        address = pyotp.TOTP(secret).provisioning_uri(
            name=session.principal.name, issuer_name="Philo"
        )
        picture = segno.make(address, error="m").svg_data_uri(scale=5, light="#ffffff")
        status = 200 if error is None else 401
        spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        return pages.show(
            request, "totp", status=status, error=error, offer=offer, secret=spaced, picture=picture
        )

    @router.post("/totp/on")
    def add_totp(request: Request, form: Text = "", offer: Text = "", code: Text = "") -> Response:
        def act(session: Session) -> Response:
            content = login.key.unseal(OFFER, offer, at=login.clock(), most_s=OFFER_S)
            if content is None or content["user"] != session.user_id:
                return overview(request, session, status=403, error="form_expired")
            codes = login.credentials.add_second_factor(
                session.user_id, content["secret"], code, login.key
            )
            if codes is None:
                return show_offer(request, session, offer, error="wrong_code")
            login.sign_in.log(session.principal.name, "totp.on", where(request))
            return pages.show(request, "recovery", codes=codes)

        return own(request, form, act)

    @router.post("/totp/off")
    def drop_totp(request: Request, form: Text = "", current: Text = "") -> Response:
        def act(session: Session) -> Response:
            if not knows_password(request, session, current):
                return overview(request, session, status=401, error="wrong_password")
            login.credentials.drop_second_factor(session.principal.name)
            login.sign_in.log(session.principal.name, "totp.off", where(request))
            return pages.go(f"{PATH}/?done=totp_is_off")

        return own(request, form, act)

    @router.post("/tokens")
    def create_token(
        request: Request,
        form: Text = "",
        name: Annotated[str, Form(max_length=100)] = "",
        scope: TokenScope = Form(TokenScope.READ),  # noqa: B008 - FastAPI's way
        days: Annotated[int, Form(ge=1, le=MOST_DAYS)] = 90,
    ) -> Response:
        def act(session: Session) -> Response:
            if scope not in _SCOPES[session.principal.role]:
                return overview(request, session, status=403, error="form_expired")
            register = assistant.people.by(session.principal.name)
            made = register.create_token(session.principal.name, name=name, scope=scope, days=days)
            return overview(request, session, new_token=made.secret)

        return own(request, form, act)

    @router.post("/tokens/revoke")
    def revoke_token(request: Request, form: Text = "", token: Text = "") -> Response:
        def act(session: Session) -> Response:
            name = session.principal.name
            if token in {one.id for one in assistant.people.tokens(name)}:
                assistant.people.by(name).revoke_token(token)
            return pages.go(f"{PATH}/?done=token_revoked")

        return own(request, form, act)

    @router.post("/sign-out-everywhere")
    def sign_out_everywhere(request: Request, form: Text = "") -> Response:
        def act(session: Session) -> Response:
            count = login.sessions.end_all(session.user_id)
            login.sign_in.log(
                session.principal.name, "sign_out.everywhere", where(request), sessions=count
            )
            return pages.leave(f"{PATH}/sign-in?signed_out=1")

        return own(request, form, act)
