"""A fetcher for the length of a command: the running installation's, else one of its own.

Either has the egress guard, and nothing is asked through it of a site that this installation stopped.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from efface.cli.session import database
from efface.net.client import Fetcher, FetcherError

Avoid = Callable[[], Sequence[str]] | None

READY_S = 90.0
NO_FETCHER = 3


class Unreachable(click.ClickException):
    """There is nobody to ask."""

    exit_code = NO_FETCHER


socket_option: Any = click.option(
    "--socket",
    "socket_path",
    type=click.Path(path_type=Path),
    default=None,
    help="Ask the fetcher that listens here. Default: the running installation's, else one for this command alone.",
)


@contextmanager
def fetcher(socket_path: Path | None, facts: Path) -> Iterator[Fetcher]:
    """Raises ``Unreachable``. ``facts`` is the folder of refreshed snapshots, for a fetcher of our own."""
    avoid = stopped_here()
    if socket_path is not None:
        given = Fetcher(str(socket_path), avoid=avoid, closed=_closed)
        if not _answers(given):
            raise Unreachable(f"no fetcher answers at {socket_path}")
        yield given
        return
    running = _running(avoid)
    if running is not None:
        yield running
        return
    with tempfile.TemporaryDirectory(prefix="efface-") as folder:
        path = Path(folder) / "fetcher.sock"
        process = _start(path, facts)
        try:
            yield Fetcher(str(path), avoid=avoid, closed=_closed)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _closed() -> str:
    """Why nothing leaves here at all: an installation for training. "" where it may."""
    from efface.engine.base import training

    return "training" if training.everywhere() else ""


def stopped_here() -> Avoid:
    """Domains of the sites that this installation stopped for suspected child material; None where there is no
    installation. Raises ``Unreachable`` where there is one and its database cannot tell: then nothing is asked."""
    from efface.engine.run import manage

    if not manage.kind_of_folder():
        return None
    try:
        with database():
            from efface.sites import stopped

            known = stopped.domains()
    except Exception as error:
        raise Unreachable(
            f"the installation cannot say which sites it stopped ({type(error).__name__}), so nothing is looked up: "
            "`efface doctor` says what is wrong"
        ) from None
    return lambda: known


def _running(avoid: Avoid) -> Fetcher | None:
    from efface.engine.base import settings
    from efface.engine.run.processes import sockets

    if not (settings.data_folder() / "kind").exists():
        return None
    try:
        found = Fetcher(str(sockets()["fetcher"]), avoid=avoid, closed=_closed)
    except (OSError, settings.SettingError):
        return None
    return found if _answers(found) else None


def _answers(found: Fetcher) -> bool:
    try:
        return "whereabouts" in found.ping().get("ops", [])
    except FetcherError:
        return False


def _start(path: Path, facts: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "efface.whereabouts.fetcher", "--socket", str(path), "--kind", "production"]
    command += ["--exit-with-parent", "--facts", str(facts)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    clean = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **threads}
    process = subprocess.Popen(command, env=clean, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        ready = bool(waiting.select(READY_S)) and os.read(process.stdout.fileno(), 64).startswith(b"ready")
    if not ready:
        process.kill()
        process.wait()
        raise Unreachable("the fetcher does not start on this machine: `efface doctor` says why")
    return process
