"""Who one is, and the end of one's sessions."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from pydantic import Field

from assistant.access.login import Login
from assistant.access.sessions import Session
from assistant.access.sign_in import Origin
from assistant.access.types import Role
from assistant.api.reader import Caller
from assistant.types import PublicModel


class Me(PublicModel):
    """`login`: whether people have to sign in. `name` is None for the operator. `csrf` goes into
    the header X-Philo-CSRF of each request of a session that is not GET."""

    login: bool
    name: str | None = None
    role: Role | None = None
    groups: list[str] = Field(default=[])
    csrf: str = ""


def add_me(api: FastAPI, login: Login | None) -> None:
    @api.get("/me")
    def me(request: Request, principal: Caller) -> Me:
        """Whose request this is."""
        if principal is None:
            return Me(login=login is not None)
        session = _session(request)
        return Me(
            login=login is not None,
            name=principal.name,
            role=principal.role,
            groups=sorted(principal.groups),
            csrf=session.csrf if session is not None else "",
        )

    @api.delete("/me/session", status_code=204)
    def sign_out(request: Request, _: Caller) -> Response:
        """End the session that the request came with."""
        session = _session(request)
        if login is not None and session is not None:
            login.sessions.end(session.id)
            login.sign_in.log(session.principal.name, "sign_out", where(request))
        return Response(status_code=204)

    @api.delete("/me/sessions", status_code=204)
    def sign_out_everywhere(request: Request, _: Caller) -> Response:
        """End all sessions of whoever's session the request came with."""
        session = _session(request)
        if login is not None and session is not None:
            count = login.sessions.end_all(session.user_id)
            name = session.principal.name
            login.sign_in.log(name, "sign_out.everywhere", where(request), sessions=count)
        return Response(status_code=204)


def where(request: Request) -> Origin:
    """From where a request comes, for the log and the limits."""
    address = request.client.host if request.client else ""
    return Origin(address=address, agent=request.headers.get("user-agent", ""))


def _session(request: Request) -> Session | None:
    session: Session | None = getattr(request.state, "session", None)
    return session
