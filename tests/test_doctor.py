"""What is broken for real is named by `philo doctor`, with advice that works."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant.checks.indexes import check_indexes
from assistant.checks.record import check_database
from assistant.checks.surroundings import check_port
from assistant.checks.types import Check
from assistant.data_directory import announced, own_directory
from assistant.doctor import examine
from assistant.errors import SettingsError
from assistant.knowledge.database import open_as_it_is
from assistant.knowledge.jobs import JobQueue, NewJob
from assistant.knowledge.opening import open_library
from assistant.knowledge.schema import revision_of
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.storage_settings import StorageSettings
from assistant.types import OPERATOR, JobKind
from tests.disks import small_disk
from tests.knowledge.conftest import DIMENSION, Shelf

ENVIRON = {"PHILO_MODELS__GENERATOR": "none", "PHILO_MODELS__READER": "none"}
UPLOAD = b"# Leave\n\nIn Dublin each employee has 26 days of leave.\n"


@pytest.fixture(scope="module")
def environ(model_directory: Path) -> dict[str, str]:
    return ENVIRON | {"PHILO_MODELS__DIRECTORY": str(model_directory)}


@pytest.fixture(scope="module")
def seed(tmp_path_factory, environ) -> Path:
    """With an uploaded document, and the receipt of an erased one."""
    data = tmp_path_factory.mktemp("seed") / "data"
    upload = data.parent / "leave.md"
    upload.write_bytes(UPLOAD)
    with open_assistant(load_settings(data, environ)) as assistant:
        for name in ("leave.md", "gone.md"):
            assistant.ingestor.ingest_upload(
                str(upload), name=name, collection="default", groups=None, owner=""
            )
            upload.write_bytes(b"# Canteen\n\nOn Monday the canteen serves lentils.\n")
        gone = next(
            one.id
            for one in assistant.library.documents(OPERATOR, limit=10)
            if one.uri.endswith("gone.md")
        )
        assistant.erasures.erase_documents([gone])
    return data


@pytest.fixture
def data(seed: Path, tmp_path: Path) -> Path:
    shutil.copytree(seed, tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    return tmp_path / "data"


@pytest.fixture
def doctor(data: Path, environ: dict[str, str]) -> Callable[..., dict[str, Check]]:
    """What fails; with `all_of_it`, every check by its name."""

    def look(all_of_it: bool = False, **more: str) -> dict[str, Check]:
        checks = examine(load_settings(data, environ | more))
        assert all(check.finding for check in checks)
        failing = {check.name: check for check in checks if all_of_it or not check.ok}
        assert all_of_it or all(check.advice for check in failing.values()), failing
        return failing

    return look


def change(data: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(data / "philo.db") as connection:
        connection.execute(statement, values)
    connection.close()


def test_a_sound_installation_has_nothing_to_complain_of(doctor):
    assert doctor() == {}
    found = doctor(all_of_it=True)
    assert found["knowledge"].finding == "1 documents, 1 chunks"
    assert "1 there, 1 of them hashed" in found["kept files"].finding


def test_a_damaged_database(doctor, data):
    with (data / "philo.db").open("r+b") as file:
        for page in range(3, 40):
            file.seek(page * 4096 + 8)
            file.write(b"\xff" * 64)
    advice = doctor()["database"].advice
    assert "philo restore" in advice
    assert "--force" not in advice


def test_a_sound_database_that_cannot_be_opened_is_not_to_be_restored(data):
    (data / "philo.db").rename(data / "elsewhere.db")
    (data / "philo.db").mkdir()
    found = check_database(data / "philo.db")
    assert not found.ok
    assert "cannot be opened" in found.finding
    assert "restore" not in found.advice
    assert "who may read" in found.advice


def test_tables_of_another_version_are_named_and_left_alone(doctor, data):
    for revision, ok, said in (("0001", True, "backup"), ("9999", False, "update Philo")):
        change(data, "UPDATE alembic_version SET version_num = ?1, oldest = ?1", revision)
        found = doctor(all_of_it=True)
        last = [check for name, check in found.items() if name == "database"][-1]
        assert last.ok is ok
        assert revision in last.finding
        assert said in last.advice
        with sqlite3.connect(data / "philo.db") as connection:
            told = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert told == (revision,)


def test_an_empty_database_on_a_server_stays_empty(doctor, postgres_url, data):
    found = doctor(all_of_it=True, PHILO_STORAGE__DATABASE=postgres_url)
    assert "nothing of Philo yet" in found["database"].finding
    database = open_as_it_is(data / "philo.db", StorageSettings(database=SecretStr(postgres_url)))
    try:
        assert revision_of(database) == ""
    finally:
        database.close()


def test_a_row_that_refers_to_nothing(doctor, data):
    change(data, "DELETE FROM documents")  # without foreign keys, as other programs do
    assert "refers to a row of documents" in doctor()["database"].finding


def test_lost_vectors_are_named_and_made_again(doctor, data):
    shutil.rmtree(data / "vectors")
    found = doctor()
    assert "1 vectors and 0 texts" in found["indexes"].finding
    assert doctor() == {}


def test_a_damaged_full_text_index_is_named_and_made_again(doctor, data):
    for path in (data / "lexicon").glob("*.store"):
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 0x10
        path.write_bytes(content)
    assert "1 texts" in doctor()["indexes"].finding
    assert doctor() == {}


def test_a_vector_that_is_another_one_than_the_database_says(doctor, data):
    (key,) = sqlite3.connect(data / "philo.db").execute("SELECT piece_key FROM chunks").fetchone()
    other = sqlite3.connect(data / "philo.db").execute("SELECT embedding FROM pieces").fetchone()[0]
    flipped = other[:4] + b"\x00\x00\x80\x3f" + other[8:]
    change(data, "UPDATE pieces SET embedding = ? WHERE key = ?", flipped, key)
    found = doctor()["vectors of index 1"]
    assert "1 differ" in found.finding
    assert "philo documents reindex" in found.advice


def test_torn_vector_files(tmp_path):
    """Above a thousand vectors, Chroma keeps them in files without checksums."""
    shelf = Shelf(tmp_path / "big")
    texts = [f"passage numéro {number}" for number in range(1200)]
    shelf.put("file:///big", *texts)
    shelf.close()
    (torn,) = (tmp_path / "big" / "vectors").rglob("data_level0.bin")
    os.truncate(torn, torn.stat().st_size // 2)
    library = open_library(tmp_path / "big", embedder_id="test-embedder", dimension=DIMENSION)
    try:
        found = {check.name: check for check in check_indexes(library)}
        assert not found["indexes"].ok
        assert "1200 vectors" in found["indexes"].finding
        assert found["vectors of index 1"].ok, found  # made again from the database
    finally:
        library.close()


def test_a_kept_file_that_is_gone_or_rotten(doctor, data):
    kept = data / "originals" / hashlib.sha256(UPLOAD).hexdigest()
    kept.write_bytes(b"rotten")
    assert "leave.md is damaged" in doctor()["kept files"].finding
    kept.unlink()
    assert "leave.md is gone" in doctor()["kept files"].finding


def test_an_audit_log_that_was_changed(doctor, data):
    change(data, "UPDATE audit SET action = 'harmless' WHERE number = 2")
    assert "row 2 was changed" in doctor()["audit log"].finding


@pytest.mark.parametrize("name", ["audit.key", "signing.key"])
def test_a_key_that_is_missing(doctor, data, name):
    (data / name).unlink()
    assert name in doctor()["keys"].finding


def test_keys_that_others_may_read(doctor, data):
    (data / "audit.key").chmod(0o644)
    found = doctor()["keys' rights"]
    assert "audit.key" in found.finding
    subprocess.run(found.advice.removeprefix("run: ").split(), check=True)
    assert doctor() == {}
    data.chmod(0o755)
    found = doctor()["keys' rights"]
    subprocess.run(found.advice.removeprefix("run: ").split(), check=True)
    assert doctor() == {}


def test_a_volume_that_lets_philo_in_by_its_group(doctor, data):
    """As a cluster mounts it: another owner, and everything for the group."""
    try:
        os.chown(data, 12345, -1)
    except PermissionError:
        pytest.skip("only root gives files away")
    data.chmod(0o2770)
    (data / "audit.key").chmod(0o660)
    assert doctor() == {}
    data.chmod(0o2775)
    found = doctor()["keys' rights"]
    subprocess.run(found.advice.removeprefix("run: ").split(), check=True)
    assert doctor() == {}
    assert data.stat().st_mode & 0o777 == 0o770


def test_the_folder_of_secrets_is_a_known_variable(doctor, monkeypatch, tmp_path):
    monkeypatch.setenv("PHILO_SECRETS", str(tmp_path))
    assert "environment" not in doctor()


JOB = (
    "INSERT INTO jobs (id, kind, uri, name, collection, depth, priority, state, attempts, "
    "cancel_wanted, not_before, worker, lease_until, pages, chunks, created_at) "
    "VALUES ('j', 'ingest', 'file:///x', 'x', 'default', 0, 0, ?, 1, 0, ?, ?, ?, 0, 0, ?)"
)


def moment(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%d %H:%M:%S.%f")


@pytest.fixture
def running(data: Path) -> Iterator[None]:
    """As if a service owned the directory."""
    with own_directory(data), announced(data, "http://127.0.0.1:1/api"):
        yield


def test_a_worker_that_is_gone(doctor, data, running):
    then = moment(hours=2)
    change(data, JOB, "running", then, "host-77", then, then)
    found = doctor()["jobs"]
    assert "host-77" in found.finding
    assert "restart" in found.advice


def test_a_worker_is_not_gone_by_a_clock_that_is_ahead(doctor, data, postgres_storage, monkeypatch):
    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=1)

    with closing(open_as_it_is(data / "philo.db", postgres_storage)) as database:
        queue = JobQueue(database)
        queue.add([NewJob(JobKind.ADD, "file:///x", "default")])
        queue.claim("host-77", limit=1)
    monkeypatch.setattr("assistant.checks.record.datetime", Ahead)
    url = postgres_storage.database.get_secret_value()
    assert doctor(all_of_it=True, PHILO_STORAGE__DATABASE=url)["jobs"].finding == "none is stuck"


def test_a_job_that_nobody_takes(doctor, data, running):
    then = moment(hours=2)
    change(data, JOB, "queued", then, None, None, then)
    assert "due for more than an hour" in doctor()["jobs"].finding


def test_documents_that_were_given_up_are_told_of(doctor, data):
    change(data, JOB, "dead", moment(), None, None, moment())
    assert "--state dead" in doctor(all_of_it=True)["jobs"].advice


def test_an_erasure_that_is_not_finished(doctor, data, running):
    change(data, "UPDATE erasures SET step = 'hidden'")
    assert "hidden" in doctor()["erasures"].finding


def test_a_clock_that_is_a_day_behind_what_was_written(doctor, data):
    """Seen from here: something was written down tomorrow."""
    change(data, JOB, "done", moment(), None, None, moment(days=-1))
    assert "timedatectl" in doctor()["clock"].advice


def test_a_disk_that_is_almost_full(environ, tmp_path):
    with small_disk(tmp_path / "disk", "5m") as disk:
        checks = {one.name: one for one in examine(load_settings(disk / "data", environ))}
    assert not checks["disk"].ok
    assert "free at least 1 GiB" in checks["disk"].advice


def test_a_model_file_that_is_damaged(doctor, tmp_path, model_directory):
    models = tmp_path / "models"
    shutil.copytree(model_directory / "multilingual-e5-small", models / "multilingual-e5-small")
    largest = max(models.rglob("*"), key=lambda path: path.stat().st_size)
    with largest.open("r+b") as file:
        file.seek(5000)
        file.write(b"\0\1\2\3")
    found = doctor(PHILO_MODELS__DIRECTORY=str(models))["model multilingual-e5-small"]
    assert largest.name in found.finding
    assert "philo models pull" in found.advice or "philo models verify" in found.advice


def test_a_port_that_another_program_has(doctor):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = check_port(taken.getsockname()[1])
    assert "taken" in found.finding
    assert "--port" in found.advice


def test_a_variable_that_nobody_reads(doctor, monkeypatch):
    monkeypatch.setenv("PHILO_OFLINE", "1")
    assert "PHILO_OFFLINE" in doctor()["environment"].advice


def test_servers_that_cannot_be_reached(doctor):
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        named = {
            "PHILO_ACCESS__OIDC__ISSUER": f"http://127.0.0.1:{port}",
            "PHILO_ACCESS__OIDC__CLIENT_ID": "philo",
        }
        assert doctor(all_of_it=True, **named)["sign-in provider"].ok
    assert "cannot be reached" in doctor(**named)["sign-in provider"].finding


def test_settings_are_checked_before(environ, data):
    (data / "philo.toml").write_text("[retrieval]\npasages = 3\n")
    with pytest.raises(SettingsError, match="pasages"):
        load_settings(data, environ)
