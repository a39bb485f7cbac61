"""The register of people, groups and tokens in the database."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.access.names import find_user, group_name
from assistant.access.share_keys import collection_key, group_names, user_key
from assistant.access.types import (
    GroupInfo,
    NewToken,
    Principal,
    Role,
    SignInWay,
    TokenInfo,
    TokenScope,
    UserInfo,
)
from assistant.errors import (
    AccessWithdrawnError,
    LastAdminError,
    PeopleError,
    UnknownTokenError,
    UnknownUserError,
)
from assistant.knowledge.database import Database
from assistant.knowledge.tables import (
    CollectionRow,
    CredentialRow,
    DocumentGroupRow,
    IdentityRow,
    MemberRow,
    SessionRow,
    TokenRow,
    UserRow,
)
from assistant.types import EVERYONE

TOKEN_PREFIX = "philo_"  # noqa: S105 - by which a leaked one is found
_NAME = re.compile(r"[^\W_](?:[\w.@+-]{0,98}[\w])?")
_USE_GRAIN = timedelta(minutes=5)
"""How exactly the last use of a token is kept: not every request writes."""


class People:
    """From any thread. See `assistant.access.types.Register`."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock

    def users(self) -> list[UserInfo]:
        with self._database.reading() as session:
            rows = session.scalars(select(UserRow).order_by(UserRow.key)).all()
            return [_user_info(session, row) for row in rows]

    def user(self, name: str) -> UserInfo:
        with self._database.reading() as session:
            return _user_info(session, find_user(session, name))

    def add_user(
        self,
        name: str,
        *,
        role: Role = Role.READER,
        groups: Iterable[str] = (),
        identity: tuple[str, str] | None = None,
    ) -> UserInfo:
        """
        Args:
            identity: issuer and subject at a provider, by which the user is known from now on.
        Raises:
            PeopleError: no name, or one that somebody has; nothing was added.
        """
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise PeopleError(
                f"{name!r} cannot be a user's name: letters, digits and . _ - + @, at most 100"
            )
        joined = [group_name(group) for group in groups]
        row = UserRow(
            id=uuid.uuid4().hex,
            key=name.casefold(),
            name=name,
            role=role.value,
            disabled=False,
            created_at=self._clock(),
        )
        try:
            with self._database.writing() as session:
                session.add(row)
                session.flush()
                _join(session, row.id, joined)
                if identity is not None:
                    issuer, subject = identity
                    session.add(
                        IdentityRow(
                            issuer=issuer,
                            subject=subject,
                            user_id=row.id,
                            seen_at=self._clock(),
                        )
                    )
        except IntegrityError as exc:
            raise PeopleError(f"there is a user {name!r} already; see: philo users list") from exc
        return self.user(name)

    def change_user(
        self,
        name: str,
        *,
        role: Role | None = None,
        join: Iterable[str] = (),
        leave: Iterable[str] = (),
        disabled: bool | None = None,
    ) -> UserInfo:
        joined = [group_name(group) for group in join]
        with self._database.writing() as session:
            row = find_user(session, name)
            before = (row.role, row.disabled, _groups_of(session, row.id))
            if (role not in (None, Role.ADMIN)) or disabled:
                _keep_an_admin(session, row)
            if role is not None:
                row.role = role.value
            if disabled is not None:
                row.disabled = disabled
            session.execute(
                delete(MemberRow).where(
                    MemberRow.user_id == row.id, MemberRow.group_name.in_(list(leave))
                )
            )
            _join(session, row.id, joined)
            session.flush()
            if before != (row.role, row.disabled, _groups_of(session, row.id)):
                session.execute(delete(SessionRow).where(SessionRow.user_id == row.id))
        return self.user(name)

    def remove_user(self, name: str) -> None:
        with self._database.writing() as session:
            row = find_user(session, name)
            _keep_an_admin(session, row)
            session.execute(
                delete(DocumentGroupRow).where(DocumentGroupRow.group_name == user_key(row.id))
            )
            session.delete(row)

    def groups(self) -> list[GroupInfo]:
        members = select(MemberRow.group_name, func.count()).group_by(MemberRow.group_name)
        documents = select(DocumentGroupRow.group_name, func.count()).group_by(
            DocumentGroupRow.group_name
        )
        collections = select(CollectionRow.name, CollectionRow.readers).where(
            CollectionRow.readers.is_not(None)
        )
        with self._database.reading() as session:
            users = {name: int(count) for name, count in session.execute(members)}
            by_key = Counter({name: int(count) for name, count in session.execute(documents)})
            inherited = [
                (name, json.loads(keys or "[]")) for name, keys in session.execute(collections)
            ]
            everybody = session.scalar(select(func.count()).select_from(UserRow)) or 0
        users[EVERYONE] = everybody
        shared = Counter({name: by_key[name] for name in group_names(by_key)})
        for name, keys in inherited:
            for group in group_names(keys):
                shared[group] += by_key[collection_key(name)]
        return [
            GroupInfo(name=name, users=users.get(name, 0), documents=shared[name])
            for name in sorted({*users, *shared})
        ]

    def tokens(self, user: str | None = None) -> list[TokenInfo]:
        query = (
            select(TokenRow, UserRow.name)
            .join(UserRow, UserRow.id == TokenRow.user_id)
            .order_by(TokenRow.created_at.desc(), TokenRow.id)
        )
        with self._database.reading() as session:
            if user is not None:
                query = query.where(TokenRow.user_id == find_user(session, user).id)
            return [_token_info(row, name) for row, name in session.execute(query)]

    def create_token(
        self, user: str, *, name: str = "", scope: TokenScope = TokenScope.READ, days: int = 90
    ) -> NewToken:
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        with self._database.writing() as session:
            owner = find_user(session, user)
            row = TokenRow(
                id=uuid.uuid4().hex[:12],
                user_id=owner.id,
                name=name.strip()[:100],
                scope=scope.value,
                sha256=_digest(secret),
                hint=secret[-4:],
                created_at=now,
                expires_at=now + timedelta(days=days),
                revoked=False,
            )
            session.add(row)
            session.flush()
            return NewToken(secret=secret, token=_token_info(row, owner.name))

    def revoke_token(self, token_id: str) -> None:
        with self._database.writing() as session:
            row = session.get(TokenRow, token_id)
            if row is None:
                raise UnknownTokenError(
                    f"there is no token {token_id!r}; list them: philo tokens list"
                )
            row.revoked = True

    def principal(self, name: str) -> Principal:
        """Somebody as the operator lets them ask.

        Raises:
            UnknownUserError: no such user, or a disabled one.
        """
        with self._database.reading() as session:
            row = find_user(session, name)
            if row.disabled:
                raise UnknownUserError(
                    f"the user {row.name!r} is disabled; "
                    f"enable: philo users change {row.name} --enable"
                )
            return _principal(session, row, TokenScope.WRITE)

    def principal_of_session(self, user_id: str, session_id: str) -> Principal | None:
        """Somebody who has signed in. None: gone, or disabled."""
        with self._database.reading() as session:
            row = session.get(UserRow, user_id)
            if row is None or row.disabled:
                return None
            return _principal(session, row, TokenScope.ADMIN, session_id=session_id)

    def user_id(self, name: str) -> str:
        """
        Raises:
            UnknownUserError: no such user.
        """
        with self._database.reading() as session:
            return find_user(session, name).id

    def principal_of_token(self, secret: str) -> Principal | None:
        """None: unknown, expired, revoked, or of a disabled user. It is not told which."""
        if not secret.startswith(TOKEN_PREFIX):
            return None
        now = self._clock()
        query = (
            select(TokenRow, UserRow)
            .join(UserRow, UserRow.id == TokenRow.user_id)
            .where(TokenRow.sha256 == _digest(secret))
        )
        with self._database.reading() as session:
            found = session.execute(query).one_or_none()
            if found is None:
                return None
            token, user = found
            if token.revoked or user.disabled or token.expires_at <= now:
                return None
            principal = _principal(session, user, TokenScope(token.scope), token_id=token.id)
            used, token_id = token.last_used_at, token.id
        if used is None or now - used > _USE_GRAIN:
            with self._database.writing() as session:
                row = session.get(TokenRow, token_id)
                if row is not None:
                    row.last_used_at = now
        return principal

    def refresh(self, principal: Principal) -> Principal:
        """The same as they are now: an answer may take longer than a right lasts.

        Raises:
            AccessWithdrawnError: they are gone or disabled, or what they came with, a token or a
                session, has ended.
        """
        with self._database.reading() as session:
            user = session.get(UserRow, principal.user_id)
            good = user is not None and not user.disabled
            if principal.token_id:
                token = session.get(TokenRow, principal.token_id)
                good = good and token is not None and not token.revoked
                good = good and token is not None and token.expires_at > self._clock()
            if principal.session_id:
                signed_in = session.get(SessionRow, principal.session_id)
                good = good and signed_in is not None and signed_in.expires_at > self._clock()
            if user is None or not good:
                raise AccessWithdrawnError("you may not ask any more; sign in again")
            return _principal(
                session,
                user,
                principal.scope,
                token_id=principal.token_id,
                session_id=principal.session_id,
            )


def _digest(secret: str) -> str:
    """Plain SHA-256: the secret is 256 random bits, which nobody guesses."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _keep_an_admin(session: Session, row: UserRow) -> None:
    if row.role != Role.ADMIN or row.disabled:
        return
    others = select(func.count()).where(
        UserRow.role == Role.ADMIN, UserRow.disabled.is_(False), UserRow.id != row.id
    )
    if not session.scalar(others):
        raise LastAdminError(
            f"{row.name} is the last administrator; make somebody else one first: "
            "philo users change NAME --role admin"
        )


def _sign_in_ways(session: Session, user_id: str) -> list[SignInWay]:
    ways: list[SignInWay] = []
    credential = session.get(CredentialRow, user_id)
    if credential is not None and credential.password_hash:
        ways.append("password")
    if credential is not None and credential.totp_secret:
        ways.append("totp")
    if session.scalar(select(IdentityRow.subject).where(IdentityRow.user_id == user_id).limit(1)):
        ways.append("oidc")
    return ways


def _join(session: Session, user_id: str, groups: Iterable[str]) -> None:
    known = set(
        session.scalars(select(MemberRow.group_name).where(MemberRow.user_id == user_id)).all()
    )
    for group in dict.fromkeys(groups):
        if group not in known and group != EVERYONE:
            session.add(MemberRow(user_id=user_id, group_name=group))


def _groups_of(session: Session, user_id: str) -> list[str]:
    query = select(MemberRow.group_name).where(MemberRow.user_id == user_id)
    return list(session.scalars(query.order_by(MemberRow.group_name)).all())


def _principal(
    session: Session, row: UserRow, scope: TokenScope, *, token_id: str = "", session_id: str = ""
) -> Principal:
    groups = frozenset(_groups_of(session, row.id))
    return Principal(
        name=row.name,
        role=Role(row.role),
        groups=groups,
        scope=scope,
        user_id=row.id,
        token_id=token_id,
        session_id=session_id,
        grants=_grants(session, groups | {EVERYONE, user_key(row.id)}, user_key(row.id)),
    )


def _grants(session: Session, keys: frozenset[str], own: str) -> frozenset[str]:
    """The collections that somebody with these keys may read. Their own key only where a
    document is shared with them: whoever may read the same gets the same answers from the
    cache."""
    said = select(CollectionRow.name, CollectionRow.readers).where(
        CollectionRow.readers.is_not(None)
    )
    grants = {
        collection_key(name)
        for name, readers in session.execute(said)
        if not keys.isdisjoint(json.loads(readers or "[]"))
    }
    if session.scalar(select(exists().where(DocumentGroupRow.group_name == own))):
        grants.add(own)
    return frozenset(grants)


def _user_info(session: Session, row: UserRow) -> UserInfo:
    return UserInfo(
        name=row.name,
        role=Role(row.role),
        groups=_groups_of(session, row.id),
        disabled=row.disabled,
        created_at=row.created_at.isoformat(),
        sign_in=_sign_in_ways(session, row.id),
    )


def _token_info(row: TokenRow, user: str) -> TokenInfo:
    return TokenInfo(
        id=row.id,
        user=user,
        name=row.name,
        scope=TokenScope(row.scope),
        hint=row.hint,
        created_at=row.created_at.isoformat(),
        expires_at=row.expires_at.isoformat(),
        last_used_at=row.last_used_at.isoformat() if row.last_used_at else None,
        revoked=row.revoked,
    )
