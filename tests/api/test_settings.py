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
