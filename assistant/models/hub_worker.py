"""The process that talks to a model hub: `python -m assistant.models.hub_worker`.

It has a process of its own because huggingface_hub reads its switches when it is imported:
everywhere else in Philo it may not connect, here it was asked to.

From standard input: one line of JSON, the order; its end, which is also the death of the parent,
ends the process, so that no two ever write one download. To standard output, JSON lines: {"commit",
"total"}, then {"done": bytes so far} as they come, then {"files": [paths in the target]}.
The last line on standard error says why it failed. Of a download that was cut, the part that
arrived stays in the target, under the name of its content, and the next one goes on from there.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

from assistant.models.hub_listing import Order, RefusedError, Wanted, select

PARTIAL = ".partial"
TIMEOUT_S = 30.0
MOST_FAILURES = 3
REPORT_EVERY_S = 0.2
READ_BYTES = 2**20
CHUNK_BYTES = 2**20
"""Written at once, and so lost at most when a connection is cut; the client's own 10 MiB would
never get through a line that breaks sooner."""


class Progress:
    """Counts bytes over all files; what huggingface_hub takes for a progress bar."""

    done = 0
    _told = 0.0

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self, count: float | None = 1) -> None:
        Progress.done += int(count or 0)
        if time.monotonic() - Progress._told > REPORT_EVERY_S:
            Progress.tell()

    @classmethod
    def tell(cls) -> None:
        cls._told = time.monotonic()
        say({"done": cls.done})


def say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def fetch(order: Order, token: str | None) -> None:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=order.endpoint, token=token or False, library_name="philo")
    info = api.model_info(order.repository, revision=order.revision, timeout=TIMEOUT_S)
    commit = str(info.sha)
    tree = api.list_repo_tree(order.repository, recursive=True, revision=commit)
    wanted = list(select(tree, order))
    target = Path(order.target)
    (target / PARTIAL).mkdir(parents=True, exist_ok=True)
    _sweep(target, {one.content_id for one in wanted})
    total = sum(one.size for one in wanted)
    missing = total - sum(_present_bytes(target, one) for one in wanted)
    free = shutil.disk_usage(target).free
    if free < missing:
        raise RefusedError(
            f"{missing / 1e9:.1f} GB are still to come and {target} has {free / 1e9:.1f} GB free; "
            "free some space, or keep models elsewhere (PHILO_MODELS__DIRECTORY)"
        )
    say({"commit": commit, "total": total})
    for one in wanted:
        _fetch_file(one, order, commit, target, token)
    Progress.tell()
    shutil.rmtree(target / PARTIAL)
    say({"files": [one.name for one in wanted]})


def _fetch_file(one: Wanted, order: Order, commit: str, target: Path, token: str | None) -> None:
    final, partial = target / one.name, target / PARTIAL / one.content_id
    if final.is_file() and _is_sound(final, one):
        Progress().update(one.size)
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    _download(one, order, commit, partial, token)
    if not _is_sound(partial, one):
        partial.unlink()
        stated = f"SHA-256 {one.sha256}" if one.sha256 else f"git's SHA-1 {one.blob_id}"
        raise RefusedError(
            f"{one.path} did not arrive as {order.endpoint} states it ({stated}); it was not "
            "used. Run the command again, and if it stays so ask who runs that hub or mirror"
        )
    partial.replace(final)


def _download(one: Wanted, order: Order, commit: str, partial: Path, token: str | None) -> None:
    import httpx2
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get

    url = hf_hub_url(order.repository, one.path, revision=commit, endpoint=order.endpoint)
    headers = {"Accept-Encoding": "identity"}  # of a compressed answer no part could be resumed
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if partial.exists() and partial.stat().st_size > one.size:
        partial.unlink()
    Progress().update(partial.stat().st_size if partial.exists() else 0)
    failures = 0
    while True:
        with partial.open("r+b" if partial.exists() else "w+b") as stream:
            began = stream.seek(0, os.SEEK_END)
            try:
                http_get(
                    url,
                    stream,
                    resume_size=began,
                    headers=headers,
                    expected_size=one.size,
                    tqdm_class=Progress,
                )
            except OSError as exc:
                if exc.errno == errno.ENOSPC:  # others need the room more than we this part
                    stream.truncate(0)
                raise
            except httpx2.NetworkError:  # a reset connection, which http_get does not take up
                failures = 0 if stream.seek(0, os.SEEK_END) > began else failures + 1
                if failures >= MOST_FAILURES:
                    raise
            else:
                return
        time.sleep(failures)


def _present_bytes(target: Path, one: Wanted) -> int:
    for path in (target / one.name, target / PARTIAL / one.content_id):
        if path.is_file():
            return min(path.stat().st_size, one.size)
    return 0


def _sweep(target: Path, content_ids: set[str]) -> None:
    for path in (target / PARTIAL).iterdir():
        if path.name not in content_ids:  # of another commit
            path.unlink()


def _is_sound(path: Path, one: Wanted) -> bool:
    if path.stat().st_size != one.size:
        return False
    with path.open("rb") as stream:
        if one.sha256:
            return hashlib.file_digest(stream, "sha256").hexdigest() == one.sha256
        digest = hashlib.sha1(f"blob {one.size}\0".encode(), usedforsecurity=False)
        while block := stream.read(READ_BYTES):
            digest.update(block)
        return digest.hexdigest() == one.blob_id


def explain(exc: Exception, order: Order, token: str | None) -> str:
    """What went wrong, for people; never with the token."""
    import httpx2
    from huggingface_hub import errors

    place = f"{order.endpoint}/{order.repository}"
    again = "run the command again: it goes on where it stopped"
    if isinstance(exc, RefusedError):
        return str(exc)
    if isinstance(exc, errors.GatedRepoError):
        return (
            f"{place} is given only to accounts that accepted its licence; accept it there, and "
            "put the account's token into the environment as HF_TOKEN"
        )
    if isinstance(exc, errors.RevisionNotFoundError):
        return f"{place} has no revision '{order.revision}'"
    status = exc.response.status_code if isinstance(exc, errors.HfHubHTTPError) else None
    if isinstance(exc, errors.RepositoryNotFoundError) or status in {401, 403}:
        about = "may not read it or has expired" if token else "is not set and it is private"
        return f"{place} does not exist, or the token in HF_TOKEN {about}"
    if status is not None:
        return f"{place} answered {status}; {again}"
    if isinstance(exc, httpx2.HTTPError):
        return (
            f"the connection to {order.endpoint} failed ({type(exc).__name__}: {exc}); {again}. A "
            "company's mirror is set with models.hub_endpoint or HF_ENDPOINT; without any "
            "connection, import a bundle: philo models import FILE.philo"
        )
    if isinstance(exc, OSError) and exc.errno == errno.ENOSPC:
        return f"the disk is full at {order.target}; free some space and {again}"
    return f"{type(exc).__name__}: {exc}; {again}"


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    order = Order(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    token = os.environ.get("HF_TOKEN") or None
    import httpx2
    from huggingface_hub import constants, set_client_factory

    constants.DOWNLOAD_CHUNK_SIZE = CHUNK_BYTES
    set_client_factory(lambda: httpx2.Client(follow_redirects=True, timeout=TIMEOUT_S))
    try:
        fetch(order, token)
    except Exception as exc:  # noqa: BLE001 - the edge of the process: told to the parent
        reason = " ".join(explain(exc, order, token).split())
        print(reason.replace(token, "***") if token else reason, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
