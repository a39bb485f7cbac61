"""Users, groups and tokens in the register."""

from datetime import UTC, datetime, timedelta

import pytest

from assistant.access.people import People
from assistant.access.share_keys import user_key
from assistant.access.types import Role, TokenScope
from assistant.errors import AccessDeniedError, PeopleError, UnknownTokenError, UnknownUserError
from assistant.knowledge.database import open_database
from assistant.types import EVERYONE, INHERIT


class Clock:
    now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "philo.db"


@pytest.fixture
def people(path, clock, storage):
    database = open_database(path, storage)
    yield People(database, clock=clock)
    database.close()


def test_names_are_known_without_their_case(people):
    people.add_user("Anne.Martin", groups=["rh", "paris"])
    assert people.user("anne.martin").groups == ["paris", "rh"]
    with pytest.raises(PeopleError, match="already"):
        people.add_user("ANNE.martin")
    with pytest.raises(UnknownUserError, match=r"did you mean 'Anne\.Martin'"):
        people.user("Anne.Martn")


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "a\nb", "x" * 101, "a/b", "a'; DROP"])
def test_a_name_that_is_none_is_refused(people, name):
    with pytest.raises(PeopleError):
        people.add_user(name)
    assert people.users() == []


@pytest.mark.parametrize("group", ["", "a,b", "x" * 101, "a\x00"])
def test_a_group_that_is_none_is_refused_and_nobody_added(people, group):
    with pytest.raises(PeopleError):
        people.add_user("a", groups=["ok", group])
    assert people.users() == []


def test_what_somebody_may_read_follows_their_groups_not_their_role(people):
    people.add_user("a", role=Role.ADMIN, groups=["rh"])
    assert people.principal("a").readable().groups == {"rh", EVERYONE}
    assert not people.principal("a").readable().everything
    people.change_user("a", join=["legal", EVERYONE], leave=["rh"])
    assert people.principal("a").readable("policies").groups == {"legal", EVERYONE}
    assert people.user("a").groups == ["legal"]


def test_a_removed_or_disabled_user_asks_no_more(people):
    secrets = {}
    for name in ("a", "b"):
        people.add_user(name)
        secrets[name] = people.create_token(name).secret
    people.change_user("a", disabled=True)
    people.remove_user("b")
    for name in ("a", "b"):
        assert people.principal_of_token(secrets[name]) is None
        with pytest.raises(UnknownUserError):
            people.principal(name)
    people.change_user("a", disabled=False)
    assert people.principal_of_token(secrets["a"]).name == "a"
    assert [token.user for token in people.tokens()] == ["a"]


def test_a_token_ends_when_it_expires_or_is_revoked(people, clock):
    people.add_user("a", role=Role.EDITOR, groups=["rh"])
    first = people.create_token("a", name="crawler", scope=TokenScope.WRITE, days=30)
    second = people.create_token("a", days=1)
    assert people.principal_of_token(first.secret).may_write
    assert not people.principal_of_token(second.secret).may_write
    people.revoke_token(first.token.id)
    assert people.principal_of_token(first.secret) is None
    clock.now += timedelta(days=1)
    assert people.principal_of_token(second.secret) is None
    with pytest.raises(UnknownTokenError):
        people.revoke_token("nothing")
    assert {token.id: token.revoked for token in people.tokens("A")}[first.token.id]


def test_a_reader_does_not_write_whatever_the_token_says(people):
    people.add_user("a", role=Role.READER)
    token = people.create_token("a", scope=TokenScope.WRITE)
    assert not people.principal_of_token(token.secret).may_write


def test_the_secret_is_kept_nowhere(people, path):
    people.add_user("a")
    secret = people.create_token("a").secret
    assert people.principal_of_token(secret) is not None
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert secret.encode() not in written
    assert secret.removeprefix("philo_").encode() not in written


def test_the_last_use_is_told_to_five_minutes(people, clock):
    people.add_user("a")
    secret = people.create_token("a").secret
    people.principal_of_token(secret)
    first = people.tokens()[0].last_used_at
    clock.now += timedelta(minutes=4)
    people.principal_of_token(secret)
    assert people.tokens()[0].last_used_at == first
    clock.now += timedelta(minutes=2)
    people.principal_of_token(secret)
    assert people.tokens()[0].last_used_at > first


def test_documents_are_shared_with_groups_of_ones_own(people):
    people.add_user("a", groups=["rh", "paris"])
    principal = people.principal("a")
    assert principal.share_with(None) == [INHERIT, user_key(principal.user_id)]
    assert principal.share_with([EVERYONE]) == [EVERYONE]
    with pytest.raises(AccessDeniedError, match="'legal'"):
        principal.share_with(["rh", "legal"])
