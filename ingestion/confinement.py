"""What a parsing child denies itself before it opens a file.

Limits of memory, time, files and processes come from the kernel (rlimits). Network, new
programs and changed rights are refused by the kernel where it allows an unprivileged process to
install a seccomp filter (Linux on x86-64 and arm64), changes to files and folders where it has
Landlock (Linux 5.13 and later), and network and programs by Python's own audit hook everywhere.
The hook binds Python code only: where filter and Landlock are missing, native code that was taken
over could still connect, or remove files. Reading other files is not prevented anywhere.
"""

from __future__ import annotations

import ctypes
import errno
import math
import os
import platform
import resource
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

OPEN_FILES = 64

_REFUSED_EVENTS = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")

# socket, socketpair, io_uring_setup | fork, vfork, execve, execveat, kill, tkill, ptrace,
# process_vm_writev | chmod, fchmod, fchmodat, fchmodat2. Numbers from the kernel's syscall tables.
_MACHINES = {
    "x86_64": (0xC000003E, (41, 53, 425, 57, 58, 59, 322, 62, 200, 101, 311, 90, 91, 268, 452)),
    "aarch64": (0xC00000B7, (198, 199, 425, 221, 281, 129, 130, 117, 271, 52, 53, 452)),
}
_LOAD, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_X32_CALLS = 0x40000000
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_LANDLOCK_CHANGES = 0x1FF2  # write, make and remove files and folders; reading stays allowed
_LANDLOCK_REFER, _LANDLOCK_TRUNCATE = 1 << 13, 1 << 14  # since versions 2 and 3
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2


def confine_process(helpers: int = 0) -> tuple[bool, ThreadPoolExecutor | None]:
    """Give up network, new programs, and changing files, for good; new threads and processes too
    where the process is not root's.

    Args:
        helpers: threads that are begun before and give up the same.
    Returns:
        whether the kernel itself refuses network and programs; the helpers, None without any.
    """
    begun, helpers_filtered = _begin_helpers(helpers) if helpers else (None, True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    _forbid_changes()
    filtered = _install_filter() and helpers_filtered
    sys.addaudithook(_refuse)
    return filtered, begun


def _begin_helpers(count: int) -> tuple[ThreadPoolExecutor, bool]:
    """The kernel's filter and Landlock bind the thread that asks for them and those that it
    begins: not those that are there.

    Returns:
        the threads, and whether the filter binds each of them.
    """
    threads = ThreadPoolExecutor(count, thread_name_prefix="philo-helper")
    all_begun = threading.Barrier(count)

    def confine() -> bool:
        all_begun.wait()  # no thread takes two of these calls
        _forbid_changes()
        return _install_filter()

    confined = [threads.submit(confine) for _ in range(count)]
    return threads, all(done.result() for done in confined)


def limit_file(*, memory_bytes: int, cpu_s: float) -> None:
    """Allow the next file so much memory and processor time beyond what is used by now."""
    limit_time(cpu_s)
    if used := address_space():
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + memory_bytes, hard))
    else:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def limit_time(cpu_s: float) -> None:
    """Allow so much processor time beyond what is used by now."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(usage.ru_utime + usage.ru_stime + cpu_s) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def address_space() -> int:
    """Bytes of address space in use, 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - no pathlib here
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _refuse(event: str, _arguments: object) -> None:
    if event.startswith(_REFUSED_EVENTS):
        raise PermissionError(f"{event} is not allowed to a parser")


def _forbid_changes() -> bool:
    """Landlock: no file or folder is written, made, moved, cut or removed any more."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    rights = _LANDLOCK_CHANGES
    rights |= _LANDLOCK_REFER if version >= 2 else 0
    rights |= _LANDLOCK_TRUNCATE if version >= 3 else 0
    ruleset = libc.syscall(_LANDLOCK_CREATE, struct.pack("=Q", rights), ctypes.c_size_t(8), 0)
    if ruleset < 0:
        return False
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done: int = libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)
    return done == 0


def _install_filter() -> bool:
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return False
    audit_arch, calls = _MACHINES[platform.machine()]
    # BPF: (code, jump if true, jump if false, value); the last two lines allow and refuse.
    tests = [(_EQUALS, call) for call in calls]
    if platform.machine() == "x86_64":
        tests.insert(0, (_AT_LEAST, _X32_CALLS))
    program = [
        (_LOAD, 0, 0, 4),
        (_EQUALS, 1, 0, audit_arch),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, 0),
        *((code, len(tests) - index, 0, value) for index, (code, value) in enumerate(tests)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) == 0)
