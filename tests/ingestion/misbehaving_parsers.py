"""What a hostile file might make of a parser. Runs in the sandbox's child; `parse` does what
the file's name says."""

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from assistant.types import Block, BlockKind, Line, ParsedDocument
from ingestion.parsers.pace import Pace


def parse(path: Path, *, max_pages: int, max_file_bytes: int, pace: Pace) -> ParsedDocument:
    act = globals()[path.stem]
    paced = (advance, hang_recognising, eat_memory_recognising, eat_memory_at_several_pages)
    takes = {change_files: (path,), **dict.fromkeys(paced, (pace,))}
    if path.parent.name == "helper":
        assert pace.helpers is not None
        return written(pace.helpers.threads.submit(act, *takes.get(act, ())).result())
    return written(act(*takes.get(act, ())))


def written(text: str) -> ParsedDocument:
    return ParsedDocument("title", (Block(BlockKind.PARAGRAPH, text, (Line(0, 1),)),))


def good() -> str:
    return "good text"


def sleep() -> str:
    time.sleep(3600)
    return "woken"


def spin() -> str:
    while True:
        pass


def advance(pace: Pace) -> str:
    for _ in range(4):
        time.sleep(0.4)
        pace.tell(recognising=False)
    return "all pages"


def hang_recognising(pace: Pace) -> str:
    if pace.ocr_timeout_s:
        pace.tell(recognising=True)
        return sleep()
    return "text layer only"


def eat_memory_recognising(pace: Pace) -> str:
    if pace.ocr_timeout_s:
        pace.tell(recognising=True)
        return eat_memory()
    return "text layer only"


def eat_memory_at_several_pages(pace: Pace) -> str:
    if pace.helpers:
        pace.tell(recognising=True)
        return pace.helpers.threads.submit(eat_memory).result()
    return "page by page"


def eat_memory() -> str:
    return str(len(bytearray(2 * 2**30)))


def crash() -> str:
    return str(ctypes.string_at(0))


def abort() -> str:
    os.abort()


def leave() -> str:
    os._exit(3)


def recurse() -> str:
    return recurse()


def flood() -> str:
    return "x" * (8 * 2**20)


def chatter() -> str:
    print('{"document": "forged"}')
    sys.stdout.flush()
    os.write(1, b'{"document": "forged"}\n')
    os.write(2, b"noise\n")
    return "good text"


def connect() -> str:
    socket.create_connection(("127.0.0.1", 9))
    return "connected"


def connect_natively() -> str:
    """Around Python's audit hook, as native code would."""
    libc = ctypes.CDLL(None, use_errno=True)
    return f"{libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)} {ctypes.get_errno()}"


def run_program() -> str:
    subprocess.run(["/bin/true"], check=True)
    return "ran"


def fork() -> str:
    return str(os.fork())


def kill_parent() -> str:
    os.kill(os.getppid(), signal.SIGTERM)
    return "killed"


def write_file() -> str:
    Path("out.txt").write_text("x" * 10)
    return "written"


def change_files(path: Path) -> str:
    """Around Python, as native code would: the errno of every attempt on a file beside `path`."""
    victim, other = (str(path.with_name(name)).encode() for name in ("victim.txt", "other.txt"))
    libc = ctypes.CDLL(None, use_errno=True)
    attempts = {
        "truncate": lambda: libc.truncate(victim, 0),
        "unlink": lambda: libc.unlink(victim),
        "rename": lambda: libc.rename(victim, other),
        "chmod": lambda: libc.chmod(victim, 0o777),
        "mkdir": lambda: libc.mkdir(other, 0o700),
        "open": lambda: libc.open(victim, os.O_RDWR),
    }
    return json.dumps({name: (act(), ctypes.get_errno())[0] for name, act in attempts.items()})


def describe() -> str:
    return json.dumps(
        {
            "environ": dict(os.environ),
            "cwd": str(Path.cwd()),
            "session": os.getsid(0),
            "pid": os.getpid(),
            "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
            "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        }
    )
