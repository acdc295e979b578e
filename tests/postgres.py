"""Pytest plugin: one PostgreSQL of our own launcher for the whole run, in a temporary folder.

Loaded with ``-p`` so that it stands before Django reads its settings. With xdist the controller starts the server and
the workers find it in their environment. ``EFFACE_DATABASE_URL`` uses another server instead.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

if "EFFACE_TEST_DATA" not in os.environ and "EFFACE_DATABASE_URL" not in os.environ:
    folder = Path(tempfile.mkdtemp(prefix="efface-test-"))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    os.environ["EFFACE_TEST_DATA"] = os.environ["EFFACE_DATA"] = str(folder)
    os.environ["EFFACE_DATABASE_ROLE"] = "efface_owner"

    from efface.engine.run import manage, postgres

    manage.prepare_data_folder("demo")
    server = postgres.Server.of_installation()
    server.start()

    def _stop() -> None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(_stop)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tests too (whole demo runs), after the others")
    parser.addoption(
        "--slow-minutes", type=float, metavar="MINUTES",
        help="slow tests that have not begun so many minutes after the start are skipped, which is said",
    )  # fmt: skip


# The workers of one run take the time from the first of them.
STARTED = float(os.environ.setdefault("EFFACE_TEST_STARTED", str(time.time())))


def pytest_runtest_setup(item: pytest.Item) -> None:
    minutes = item.config.getoption("--slow-minutes")
    if minutes is not None and item.get_closest_marker("slow") and time.time() - STARTED > minutes * 60:
        pytest.skip(f"slow, and {minutes:g} minutes were over: ./run test --slow runs it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: runs with --slow, as .ci/run does"))
