"""The login on the command line: what refuses to start, and the operator's ways in."""

import io
import secrets

import pytest

PASSWORD = "seven green lamps by the quay"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5"])
@pytest.mark.parametrize("command", ["up", "serve"])
def test_strangers_are_not_let_in_without_a_secret_key(philo, monkeypatch, host, command):
    monkeypatch.setenv("PHILO_ACCESS__BASE_URL", "https://philo.example")
    refused = philo(command, "--host", host, "--port", "0")
    assert refused.code == 1
    assert "openssl rand -hex 32" in refused.err
    monkeypatch.setenv("PHILO_ACCESS__SECRET_KEY", "changeme" * 8)
    assert philo(command, "--host", host, "--port", "0").code == 1
    monkeypatch.setenv("PHILO_ACCESS__SECRET_KEY", secrets.token_hex(32))
    monkeypatch.setenv("PHILO_ACCESS__LOGIN", "off")
    refused = philo(command, "--host", host, "--port", "0")
    assert refused.code == 1
    assert "would let strangers in" in refused.err


def test_a_password_is_read_from_standard_input(philo, monkeypatch):
    assert philo("users", "add", "Anne", "--role", "admin").code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    refused = philo("users", "password", "anne")
    assert refused.code == 1
    assert "15 characters" in refused.err
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    done = philo("users", "password", "anne")
    assert done.code == 0
    assert PASSWORD not in done.out + done.err
    assert philo("users", "list", "--json").json["users"][0]["sign_in"] == ["password"]
    assert philo("users", "totp", "Anne", "--off").code == 0
    assert philo("users", "totp", "Anne").code == 2
    last = philo("users", "remove", "Anne")
    assert last.code == 1
    assert "last administrator" in last.err
    log = philo("audit", "export").out
    assert "password.reset" in log
    assert PASSWORD not in log
