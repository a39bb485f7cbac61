"""The settings as administrators change them."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.api.rest import create_api
from assistant.errors import SettingsError
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.settings_file import SettingsFile

OPERATOR = {"Authorization": "Bearer the operator's own"}
BEFORE = "# ours\n[retrieval]\npassages = 6 # enough\n\n[models.remote]\napi_key = 'Mareva'\n"


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    (tmp_path / "philo.toml").write_text(BEFORE)
    environ = {"PHILO_INGEST__MAX_PAGES": "9"}
    return SettingsFile(load_settings(tmp_path, environ=environ), environ)


def of(settings, name):
    return next(one for one in settings if one.name == name)


def test_each_setting_tells_its_value_where_it_comes_from_and_what_it_may_be(file):
    told = file.all()
    passages = of(told, "retrieval.passages")
    assert (passages.value, passages.default, passages.origin) == (6, 8, "file")
    assert of(told, "ingest.max_pages").origin == "environment"
    assert of(told, "retrieval.candidates").origin == "default"
    assert of(told, "answering.grounding").choices == ["strict", "warn", "off"]
    assert not any(one.waits for one in told)
    assert not any(one.name == "data" or one.name.startswith("access.") for one in told)


def test_a_secret_is_never_shown(file):
    told = of(file.all(), "models.remote.api_key")
    assert (told.secret, told.value, told.default) == (True, True, None)
    assert all("Mareva" not in one.model_dump_json() for one in file.all())


def test_changes_keep_comments_and_wait_for_a_restart(file, tmp_path):
    told = file.change({"retrieval.passages": 5, "answering.grounding": "warn"})
    assert of(told, "retrieval.passages").waits
    written = (tmp_path / "philo.toml").read_text()
    assert "# ours" in written
    assert "passages = 5 # enough" in written
    assert "Mareva" in written
    assert load_settings(tmp_path, environ={}).answering.grounding == "warn"
    told = file.change({"retrieval.passages": None, "answering.grounding": None})
    assert of(told, "retrieval.passages").value == 8
    assert load_settings(tmp_path, environ={}).answering.grounding == "strict"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """As a container is given them: one file a setting, beside what is not for Philo."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "models__remote__api_key").write_text("Ravenala\n")
    (folder / "ingest__max_pages").write_text("7\n")
    (folder / "postgres_password").write_text("not for Philo")
    (folder / "..data").mkdir()
    return folder


def test_files_of_the_secrets_folder_are_settings_and_variables_come_before_them(tmp_path, secrets):
    (tmp_path / "philo.toml").write_text(BEFORE)
    environ = {"PHILO_SECRETS": str(secrets)}
    settings = load_settings(tmp_path, environ=environ)
    key = settings.models.remote.api_key
    assert key is not None
    assert key.get_secret_value() == "Ravenala"
    assert settings.ingest.max_pages == 7
    named = load_settings(tmp_path, environ=environ | {"PHILO_INGEST__MAX_PAGES": "9"})
    assert named.ingest.max_pages == 9


def test_what_a_secrets_file_says_is_not_changed_on_the_page(tmp_path, secrets):
    environ = {"PHILO_SECRETS": str(secrets)}
    file = SettingsFile(load_settings(tmp_path, environ=environ), environ)
    assert of(file.all(), "ingest.max_pages").origin == "environment"
    with pytest.raises(SettingsError, match="PHILO_SECRETS"):
        file.change({"ingest.max_pages": 5})


def test_a_secrets_folder_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(SettingsError, match=r"PHILO_SECRETS=.*nowhere cannot be read"):
        load_settings(tmp_path, environ={"PHILO_SECRETS": str(tmp_path / "nowhere")})


def test_a_wrong_name_in_the_secrets_folder_is_named(tmp_path, secrets):
    (secrets / "models__remote__api_kye").write_text("x")
    with pytest.raises(SettingsError, match="api_kye"):
        load_settings(tmp_path, environ={"PHILO_SECRETS": str(secrets)})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"retrieval.passages": 0}, "retrieval.passages"),
        ({"retrieval.passages": 7, "answering.grounding": "sometimes"}, "answering.grounding"),
        ({"models.remote.base_url": "file:///etc/passwd"}, "base_url"),
        ({"retrieval.nothing": 1}, "retrieval.nothing"),
        ({"data": "/etc"}, "'data'"),
        ({"access.login": "off"}, "'access.login'"),
        ({"ingest.max_pages": 5}, "PHILO_INGEST__MAX_PAGES"),
    ],
)
def test_a_wrong_change_is_refused_and_nothing_is_written(file, tmp_path, changes, said):
    with pytest.raises(SettingsError, match=said):
        file.change(changes)
    assert (tmp_path / "philo.toml").read_text() == BEFORE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["philo.toml"]


def test_over_http_changes_are_logged_without_their_values(settings):
    with open_assistant(settings) as assistant:
        api = TestClient(create_api(assistant, operator_token="the operator's own"))
        body = {"changes": {"models.remote.api_key": "Tibidabo"}}
        assert api.patch("/settings", json=body).status_code == 401
        assert api.patch("/settings", json=body, headers=OPERATOR).status_code == 200
        wrong = {"changes": {"retrieval.passages": "many"}}
        assert api.patch("/settings", json=wrong, headers=OPERATOR).status_code == 422
        entries = [*assistant.audit.every()]
        assert entries[-1].details["names"] == ["models.remote.api_key"]
        assert "Tibidabo" not in str(entries)
