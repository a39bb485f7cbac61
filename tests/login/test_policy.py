"""When people have to sign in, and what refuses to start."""

import base64
import secrets

import pytest

from assistant.access.keys import SecretKey, parse_secret_key
from assistant.access.login import decide_policy
from assistant.errors import SettingsError
from assistant.settings import load_settings

KEY = "8f1c2d3e4a5b69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f1"


def access(tmp_path, **environ):
    told = {f"PHILO_ACCESS__{name.upper()}": value for name, value in environ.items()}
    return load_settings(tmp_path, environ=told).access


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_on_this_machine_nobody_signs_in_unless_it_is_wanted(tmp_path, host):
    assert decide_policy(access(tmp_path), host).key is None
    wanted = access(tmp_path, login="required", secret_key=secrets.token_hex(32))
    assert decide_policy(wanted, host).key is not None


@pytest.mark.parametrize(
    ("host", "stated"),
    [
        ("192.168.1.5", {}),
        ("0.0.0.0", {"base_url": "https://philo.example"}),
        ("::", {"base_url": "https://philo.example"}),
        ("127.0.0.1", {"base_url": "https://philo.example"}),
    ],
)
def test_everywhere_else_a_login_and_its_key_are_needed(tmp_path, host, stated):
    with pytest.raises(SettingsError, match="PHILO_ACCESS__SECRET_KEY"):
        decide_policy(access(tmp_path, **stated), host)
    with pytest.raises(SettingsError, match="login is off"):
        decide_policy(access(tmp_path, login="off", **stated), host)
    keyed = access(tmp_path, secret_key=secrets.token_urlsafe(32), **stated)
    assert decide_policy(keyed, host).key is not None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "8.8.8.8"])
def test_it_has_to_be_known_under_which_address_people_come(tmp_path, host):
    with pytest.raises(SettingsError, match="base_url"):
        decide_policy(access(tmp_path, secret_key=secrets.token_hex(32)), host)


@pytest.mark.parametrize(
    "base", ["http://philo.example.org", "philo", "https://philo.example/sub", "https://a:b@c.de"]
)
def test_an_address_that_would_give_passwords_away_is_refused(tmp_path, base):
    with pytest.raises(SettingsError, match="base_url"):
        access(tmp_path, base_url=base)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "secret",
        "changeme" * 8,
        "0" * 64,
        "ab" * 32,
        "thisisonlyasentencewithoutspacesbutquitelong",
        "ThisIsOnlyASentenceWithoutSpacesButQuiteLong",
        pytest.param(secrets.token_hex(31), id="a byte too short"),
        "not base64 at all, with spaces and commas, 1",
    ],
)
def test_a_key_that_could_be_guessed_is_refused_with_how_to_make_one(key):
    with pytest.raises(SettingsError, match="openssl rand -hex 32"):
        parse_secret_key(key)


def test_random_keys_are_taken_in_hex_and_base64(tmp_path):
    for _ in range(200):
        material = secrets.token_bytes(32)
        parse_secret_key(material.hex())
    assert parse_secret_key(base64.b64encode(bytes.fromhex(KEY)).decode())
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    settings = access(tmp_path, login="required", secret_key_file=str(file))
    assert decide_policy(settings, "127.0.0.1").key is not None


def test_each_purpose_has_a_key_of_its_own_and_what_is_sealed_cannot_be_bent():
    from datetime import UTC, datetime, timedelta

    key = SecretKey(bytes.fromhex(KEY))
    now = datetime.now(UTC)
    sealed = key.seal("a", {"user": "x"}, at=now)
    assert key.unseal("a", sealed) == {"user": "x"}
    assert key.unseal("b", sealed) is None
    assert key.unseal("a", sealed[:-4] + "AAAA") is None
    assert key.unseal("a", "é") is None
    assert key.unseal("a", sealed, at=now + timedelta(seconds=61), most_s=60) is None
    assert key.sign("a", "x") != key.sign("b", "x")
    assert SecretKey(secrets.token_bytes(32)).unseal("a", sealed) is None


def test_the_key_is_not_told_by_the_settings(tmp_path):
    assert KEY not in repr(access(tmp_path, secret_key=KEY))
