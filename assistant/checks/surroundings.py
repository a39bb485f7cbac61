"""The machine around Philo: variables, clock, port, the servers that the settings name."""

from __future__ import annotations

import difflib
import errno
import os
import socket
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from assistant.backup.passphrase import VARIABLE as PASSPHRASE
from assistant.checks.types import Check
from assistant.settings import ENVIRONMENT_PREFIX, OFFLINE_VARIABLE, SECRETS_VARIABLE, Settings

KNOWN = frozenset(
    {
        "PHILO_DATA",
        OFFLINE_VARIABLE,
        SECRETS_VARIABLE,
        PASSPHRASE,
        "PHILO_API",
        "PHILO_API_URL",
        "PHILO_API_TOKEN",
    }
)
"""Variables that are no setting of a section: those have __ in them, and are checked as such."""
PORT = 8501
REACH_S = 3.0
LEAST_SKEW_S = 300.0


def check_variables(environ: Mapping[str, str] = os.environ) -> Check:
    """A name that nobody reads is a slip: PHILO_OFLINE=1 changes nothing."""
    unknown = sorted(
        name
        for name in environ
        if name.startswith(ENVIRONMENT_PREFIX) and "__" not in name and name not in KNOWN
    )
    if not unknown:
        return Check("environment", True, "every PHILO_ variable is known")
    near = difflib.get_close_matches(unknown[0], KNOWN, n=1)
    meant = f"{near[0]}, or PHILO_SECTION__SETTING" if near else "PHILO_SECTION__SETTING"
    return Check("environment", False, f"{', '.join(unknown)}: nobody reads it", f"write {meant}")


def check_clock(newest: datetime | None) -> Check:
    """
    Args:
        newest: time of the last thing that was written down here; None: nothing was.
    """
    now = datetime.now(UTC)
    built = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    known = max(built - timedelta(days=1), newest or built - timedelta(days=1))
    if (known - now).total_seconds() > LEAST_SKEW_S:
        return Check(
            "clock",
            False,
            f"it says {now:%Y-%m-%d %H:%M} UTC, but something was done here at "
            f"{known:%Y-%m-%d %H:%M}",
            "set the clock (timedatectl set-ntp true); jobs, sessions and tokens go by it",
        )
    return Check("clock", True, f"{now:%Y-%m-%d %H:%M} UTC, {time.tzname[0]}")


def check_port(port: int = PORT) -> Check:
    """Whether `philo up` could have the usual port; only where no service of ours has it."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as exc:
            if exc.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            advice = "choose another one: philo up --port 8502"
            return Check("port", True, f"{port} is taken by another program", advice)
    return Check("port", True, f"{port} is free")


def check_servers(settings: Settings) -> Iterator[Check]:
    """Those that the settings name: a connection is made, and nothing is sent."""
    named: list[tuple[str, str]] = []
    if settings.access.oidc is not None:
        named.append(("sign-in provider", settings.access.oidc.issuer))
    if settings.models.remote.base_url is not None and not settings.offline:
        named.append(("remote model", settings.models.remote.base_url))
    for name, url in named:
        yield _reach(name, url)


def _reach(name: str, url: str) -> Check:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=REACH_S):
            return Check(name, True, f"{url} can be reached")
    except OSError as exc:
        finding = f"{parts.hostname}:{port} cannot be reached ({exc.strerror or exc})"
        return Check(name, False, finding, "start it, mend the address, or open the way to it")
