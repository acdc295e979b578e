"""The processes of an installation, and how each is started.

Trusted processes get the data folder and their database role; the scanner gets neither: a clean environment, its
sockets, the models, and in a demo the world's file descriptor.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from efface.engine.base import settings
from efface.net import paths

#: What a trusted process may inherit from the supervisor's environment.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "VIRTUAL_ENV", "PYTHONPATH", "XDG_RUNTIME_DIR")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its name, command line, environment, inherited descriptors, and the line it prints when ready."""

    name: str
    command: list[str]
    environment: dict[str, str]
    descriptors: tuple[int, ...] = ()
    ready_line: str = "ready"
    #: Killed at random by a crash run.
    expendable: bool = field(default=True)
    #: Ended before the others: it leans on them to finish what it began.
    ends_first: bool = False


def sockets() -> dict[str, Path]:
    folder = settings.run_folder()
    return {name: folder / f"{name}.sock" for name in ("fetcher", "matcher", "faces")}


def models_folder() -> Path:
    return settings.data_folder() / "models"


def facts_folder() -> Path:
    """Where refreshed snapshots of the world's facts lie (``efface data``)."""
    return settings.data_folder() / "facts"


def trusted_environment(role: str) -> dict[str, str]:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("EFFACE_")}
    environment |= ONE_THREAD | {
        "EFFACE_DATA": str(settings.data_folder()),
        "EFFACE_DATABASE_ROLE": role,
        "DJANGO_SETTINGS_MODULE": "efface.engine.base.django",
        "PYTHONUNBUFFERED": "1",
    }
    return environment


def _kind() -> str:
    try:
        return (settings.data_folder() / "kind").read_text(encoding="ascii").strip()
    except OSError:
        return "production"


def of_installation(world_fd: int | None = None) -> list[Process]:
    """All processes besides PostgreSQL, in the order of their start."""
    return [
        *of_worker(world_fd),
        _trusted("scheduler", "efface.engine.run.scheduler", "efface_engine"),
        _trusted("mail-in", "efface.takedown.mailin", "efface_app"),
        replace(_trusted("web", "efface.engine.run.web", "efface_app"), expendable=False),
    ]


def _trusted(name: str, module: str, role: str) -> Process:
    return Process(name, [sys.executable, "-m", module], trusted_environment(role))


def of_worker(world_fd: int | None = None) -> list[Process]:
    """What one more worker runs: its own scanner with its decoder, its own matcher, and the jobs."""
    python = [sys.executable, "-m"]
    socket = sockets()
    scanner = [
        *python, "efface.whereabouts.fetcher", "--socket", str(socket["fetcher"]),
        "--faces-socket", str(socket["faces"]), "--models", str(models_folder()), "--facts", str(facts_folder()),
    ]  # fmt: skip
    scanner += ["--exit-with-parent", "--kind", _kind()]
    if world_fd is not None:
        scanner += ["--world-fd", str(world_fd)]
    if not settings.get("browser"):
        scanner.append("--no-browser")
    if settings.get("tor_proxy"):
        scanner += ["--socks", settings.get("tor_proxy")]
        if settings.get("tor_everything"):
            scanner.append("--socks-all")
    scanner += [f"--path={one}" for one in paths.split(settings.get("ways_out"))]
    clean = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **ONE_THREAD}
    return [
        Process("scanner", scanner, clean, () if world_fd is None else (world_fd,)),
        _trusted("matcher", "efface.search.matcher", "efface_engine"),
        replace(_trusted("worker", "efface.engine.run.worker", "efface_app"), ends_first=True),
    ]
