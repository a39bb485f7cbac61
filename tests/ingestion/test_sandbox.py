"""A file may break its own parsing, nothing else."""

import ctypes
import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import ParseError
from ingestion.sandbox import Sandbox, SandboxLimits, parse_in_sandbox

LIMITS = SandboxLimits(timeout_s=10, memory_bytes=2**29, max_output_bytes=2**20)
HERE = str(Path(__file__).parent)


def open_sandbox(limits=LIMITS):
    return Sandbox(limits, entry="misbehaving_parsers:parse", search_path=[HERE])


@pytest.fixture(scope="module")
def sandbox():
    with open_sandbox() as opened:
        yield opened


def read(sandbox, name):
    return sandbox.parse(Path(f"{name}.txt")).blocks[0].text


def refuse(sandbox, name):
    with pytest.raises(ParseError) as caught:
        sandbox.parse(Path(f"{name}.txt"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("eat_memory", "needed more than 0.5 GiB of memory"),
        ("crash", "the parser crashed (signal 11)"),
        ("abort", "signal 6"),
        ("leave", "the parser broke off (exit status 3)"),
        ("recurse", "nested too deeply"),
        ("flood", "gave more than 1 MiB of text"),
        ("connect", "not allowed"),
        ("run_program", "not allowed"),
        ("fork", "not allowed"),
        ("write_file", "Permission denied|File too large"),
    ],
)
def test_misbehaviour_costs_its_own_file_only(sandbox, name, reason):
    assert any(one in refuse(sandbox, name) for one in reason.split("|"))
    assert read(sandbox, "good") == "good text"


@pytest.mark.parametrize("name", ["sleep", "spin"])
def test_parser_that_does_not_end_is_stopped(name):
    with open_sandbox(SandboxLimits(timeout_s=0.5)) as sandbox:
        began = time.monotonic()
        assert "took longer than 0.5 s" in refuse(sandbox, name)
        assert time.monotonic() - began < 10
        assert read(sandbox, "good") == "good text"


def test_document_that_advances_gets_the_time_limit_for_each_batch_of_pages():
    with open_sandbox(SandboxLimits(timeout_s=0.8)) as sandbox:
        assert read(sandbox, "advance") == "all pages"


@pytest.mark.parametrize("name", ["hang_recognising", "eat_memory_recognising"])
def test_recognition_that_fails_does_not_cost_the_text_layer(name):
    with open_sandbox(SandboxLimits(timeout_s=2, memory_bytes=2**29)) as sandbox:
        assert read(sandbox, name) == "text layer only"


def test_pages_that_need_too_much_memory_at_a_time_are_recognised_one_by_one():
    with open_sandbox(SandboxLimits(memory_bytes=2**29, ocr_threads=2)) as sandbox:
        assert read(sandbox, "eat_memory_at_several_pages") == "page by page"


def test_what_a_library_prints_does_not_reach_the_answers(sandbox):
    assert read(sandbox, "chatter") == "good text"


@pytest.fixture(scope="module")
def helped_sandbox():
    with open_sandbox(replace(LIMITS, ocr_threads=2)) as opened:
        yield opened


@pytest.fixture(params=["", "helper/"])
def thread(request):
    """Where the child does what the name of the file says: in its first thread or beside it."""
    return request.param


def test_kernel_refuses_network_and_signals_to_native_code(helped_sandbox, thread):
    if not helped_sandbox.filtered:
        pytest.skip("this kernel takes no filter from an unprivileged process")
    assert read(helped_sandbox, f"{thread}connect_natively") == "-1 1"
    assert "not permitted" in refuse(helped_sandbox, f"{thread}kill_parent")


def test_kernel_refuses_changes_to_files_to_native_code(helped_sandbox, thread, tmp_path):
    sandbox = helped_sandbox
    if ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) < 3 or not sandbox.filtered:
        pytest.skip("this kernel has no Landlock that forbids cutting files")
    folder = tmp_path / thread
    folder.mkdir(exist_ok=True)
    victim = folder / "victim.txt"
    victim.write_text("precious")
    told = json.loads(sandbox.parse(folder / "change_files.txt").blocks[0].text)
    assert told == dict.fromkeys(told, -1)
    assert victim.read_text() == "precious"
    assert [one.name for one in folder.iterdir()] == ["victim.txt"]


def test_child_sees_no_environment_and_leaves_no_folder(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    with open_sandbox() as sandbox:
        told = json.loads(read(sandbox, "describe"))
        assert "SECRET_TOKEN" not in told["environ"]
        assert "HOME" not in told["environ"]
        assert told["session"] == told["pid"] != os.getsid(0)
        assert told["core"] == 0
        assert told["files"] <= 64
        assert Path(told["cwd"]).is_dir()
    assert not Path(told["cwd"]).exists()


def test_child_is_kept_while_it_behaves(sandbox):
    first = json.loads(read(sandbox, "describe"))["pid"]
    assert json.loads(read(sandbox, "describe"))["pid"] == first
    refuse(sandbox, "crash")
    assert json.loads(read(sandbox, "describe"))["pid"] != first


def test_work_in_another_thread_can_be_broken_off():
    with open_sandbox() as sandbox:
        reasons = []
        thread = threading.Thread(target=lambda: reasons.append(refuse(sandbox, "sleep")))
        thread.start()
        time.sleep(1.0)
        sandbox.interrupt()
        thread.join(timeout=10)
        assert reasons
        assert "broken off" in refuse(sandbox, "good")


def test_real_file_is_read_in_a_child(tmp_path):
    path = tmp_path / "été.md"
    path.write_text("# Congés\n\nVingt-cinq jours.", encoding="utf-8")
    parsed = parse_in_sandbox(path, SandboxLimits())
    assert [block.text for block in parsed.blocks] == ["Congés", "Vingt-cinq jours."]


def test_parser_that_cannot_start_is_told():
    with (
        Sandbox(LIMITS, entry="no_such_module:parse") as sandbox,
        pytest.raises(ParseError, match="could not be started"),
    ):
        sandbox.parse(Path("x.txt"))
